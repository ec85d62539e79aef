/* Sums of float32 along any axes. */
#ifndef EP_REDUCTION_F32_H
#define EP_REDUCTION_F32_H

#include "ep_reduction.h"

/* All values of one output, from the first on. */
static inline float ep_reduction_sum_f32(const ep_reduction *r, const float *first) {
    float result = 0.0f;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const float *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result += *value;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

#endif
