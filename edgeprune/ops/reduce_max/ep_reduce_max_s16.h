/* REDUCE_MAX, int16, along any axes. */
#ifndef EP_REDUCE_MAX_S16_H
#define EP_REDUCE_MAX_S16_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    ep_reduction reduction;
} ep_reduce_max_s16_params;

void ep_reduce_max_s16(const ep_reduce_max_s16_params *p, const int16_t *input, int16_t *output,
                       void *scratch);

#endif
