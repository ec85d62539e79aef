/* REDUCE_MIN, float32, along any axes. */
#ifndef EP_REDUCE_MIN_F32_H
#define EP_REDUCE_MIN_F32_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    ep_reduction reduction;
} ep_reduce_min_f32_params;

void ep_reduce_min_f32(const ep_reduce_min_f32_params *p, const float *input, float *output,
                       void *scratch);

#endif
