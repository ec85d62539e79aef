/* float32 limited to a range: ReLU and its relatives. */
#ifndef EP_CLAMP_F32_H
#define EP_CLAMP_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
    float low;
    float high;
} ep_clamp_f32_params;

/* The output may lie over the input. */
void ep_clamp_f32(const ep_clamp_f32_params *p, const float *input, float *output, void *scratch);

#endif
