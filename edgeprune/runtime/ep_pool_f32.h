/* AVERAGE_POOL_2D and MAX_POOL_2D, float32. */
#ifndef EP_POOL_F32_H
#define EP_POOL_F32_H

#include "ep_runtime.h"

typedef struct {
    ep_window window; /* dilation 1 */
    int average;      /* else the maximum */
    float low, high;
} ep_pool_f32_params;

void ep_pool_f32(const ep_pool_f32_params *p, const float *input, float *output, void *scratch);

#endif
