/* MEAN, int16, along any axes. */
#ifndef EP_MEAN_S16_H
#define EP_MEAN_S16_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    int32_t mantissa; /* the division by the number of values is folded in */
    int32_t shift;
    ep_reduction reduction;
} ep_mean_s16_params;

void ep_mean_s16(const ep_mean_s16_params *p, const int16_t *input, int16_t *output, void *scratch);

#endif
