/* HARD_SWISH, float32. */
#ifndef EP_HARD_SWISH_F32_H
#define EP_HARD_SWISH_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
} ep_hard_swish_f32_params;

/* The output may lie over the input. */
void ep_hard_swish_f32(const ep_hard_swish_f32_params *p, const float *input, float *output,
                       void *scratch);

#endif
