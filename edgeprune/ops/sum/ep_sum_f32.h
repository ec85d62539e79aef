/* SUM, float32, along any axes. */
#ifndef EP_SUM_F32_H
#define EP_SUM_F32_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    ep_reduction reduction;
} ep_sum_f32_params;

void ep_sum_f32(const ep_sum_f32_params *p, const float *input, float *output, void *scratch);

#endif
