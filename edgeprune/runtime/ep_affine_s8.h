/* Affine functions of one or two rows of int8 values.
 *
 *     out = clamp(saturate((offset + floor(factor[i] * q[i] / 256) for each i) >> 20))
 *
 * The parameters are fitted and proved in edgeprune/ops/elementwise.py.  Rows may have any
 * alignment; the output may be an input's memory, from the same address on. */
#ifndef EP_AFFINE_S8_H
#define EP_AFFINE_S8_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    int32_t factor[2]; /* the second is not used for one row */
    int32_t offset;
    uint32_t low; /* the clamping range, each bound in four bytes */
    uint32_t high;
} ep_affine;

void ep_affine_s8(const ep_affine *a, const int8_t *row, int8_t *output, int32_t count);

void ep_affine_pair_s8(const ep_affine *a, const int8_t *first, const int8_t *second,
                       int8_t *output, int32_t count);

void ep_affine_broadcast_s8(const ep_affine *a, const ep_broadcast *b, const int8_t *first,
                            const int8_t *second, int8_t *output);

/* The function of the first value that is left when the second is known. */
static inline ep_affine ep_affine_of_first(const ep_affine *a, int32_t second) {
    ep_affine rest = *a;
    const int32_t share = (int32_t)(((int64_t)a->factor[1] * second) >> 8);
    rest.offset = (int32_t)((uint32_t)a->offset + (uint32_t)share);
    return rest;
}

/* The function of the second value that is left when the first is known. */
static inline ep_affine ep_affine_of_second(const ep_affine *a, int32_t first) {
    ep_affine swapped = *a;
    swapped.factor[0] = a->factor[1];
    swapped.factor[1] = a->factor[0];
    return ep_affine_of_first(&swapped, first);
}

#endif
