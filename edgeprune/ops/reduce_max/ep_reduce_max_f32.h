/* REDUCE_MAX, float32, along any axes. */
#ifndef EP_REDUCE_MAX_F32_H
#define EP_REDUCE_MAX_F32_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    ep_reduction reduction;
} ep_reduce_max_f32_params;

void ep_reduce_max_f32(const ep_reduce_max_f32_params *p, const float *input, float *output,
                       void *scratch);

#endif
