/* LEAKY_RELU, float32. */
#ifndef EP_LEAKY_RELU_F32_H
#define EP_LEAKY_RELU_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
    float alpha;
} ep_leaky_relu_f32_params;

/* The output may lie over the input. */
void ep_leaky_relu_f32(const ep_leaky_relu_f32_params *p, const float *input, float *output,
                       void *scratch);

#endif
