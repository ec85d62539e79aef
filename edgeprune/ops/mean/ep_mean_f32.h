/* MEAN, float32, along any axes. */
#ifndef EP_MEAN_F32_H
#define EP_MEAN_F32_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    float count; /* values that make one output */
    ep_reduction reduction;
} ep_mean_f32_params;

void ep_mean_f32(const ep_mean_f32_params *p, const float *input, float *output, void *scratch);

#endif
