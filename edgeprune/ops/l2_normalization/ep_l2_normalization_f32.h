/* L2_NORMALIZATION, float32, along the last dimension. */
#ifndef EP_L2_NORMALIZATION_F32_H
#define EP_L2_NORMALIZATION_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows;
    int32_t depth;
} ep_l2_normalization_f32_params;

/* The output may lie over the input. */
void ep_l2_normalization_f32(const ep_l2_normalization_f32_params *p, const float *input,
                             float *output, void *scratch);

#endif
