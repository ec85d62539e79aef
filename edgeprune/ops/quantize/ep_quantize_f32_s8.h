/* QUANTIZE, float32 to int8. */
#ifndef EP_QUANTIZE_F32_S8_H
#define EP_QUANTIZE_F32_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
    float scale;
    int32_t zero_point;
} ep_quantize_f32_s8_params;

void ep_quantize_f32_s8(const ep_quantize_f32_s8_params *p, const float *input, int8_t *output,
                        void *scratch);

#endif
