/* DEQUANTIZE, int8 to float32. */
#ifndef EP_DEQUANTIZE_S8_F32_H
#define EP_DEQUANTIZE_S8_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
    float scale;
    int32_t zero_point;
} ep_dequantize_s8_f32_params;

void ep_dequantize_s8_f32(const ep_dequantize_s8_f32_params *p, const int8_t *input, float *output,
                          void *scratch);

#endif
