/* Reductions along any axes: the input's extents, neighbours of a kind merged, are
 * [outer][reduced_outer][middle][reduced_inner][inner], and the output is [outer][middle][inner].
 */
#ifndef EP_REDUCTION_H
#define EP_REDUCTION_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t reduced_outer;
    int32_t middle;
    int32_t reduced_inner;
    int32_t inner;
} ep_reduction;

static inline int32_t ep_reduction_outputs(const ep_reduction *r) {
    return r->outer * r->middle * r->inner;
}

/* Where in the input the first value of an output lies. */
static inline int32_t ep_reduction_first(const ep_reduction *r, int32_t output) {
    const int32_t rest = output / r->inner;
    const int32_t outer = rest / r->middle;
    const int32_t middle = rest - outer * r->middle;
    return (outer * r->reduced_outer * r->middle + middle) * r->reduced_inner * r->inner +
           (output - rest * r->inner);
}

/* Elements from one value to the next of an output: along the outer reduced dimension, and along
 * the inner one. */
static inline int32_t ep_reduction_outer_step(const ep_reduction *r) {
    return r->middle * r->reduced_inner * r->inner;
}

#endif
