/* QUANTIZE, int8 to int8 of another scale and zero point. */
#ifndef EP_QUANTIZE_S8_S8_H
#define EP_QUANTIZE_S8_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t count;
    int32_t input_zero_point;
    int32_t mantissa;
    int32_t shift;
    int32_t zero_point;
} ep_quantize_s8_s8_params;

void ep_quantize_s8_s8(const ep_quantize_s8_s8_params *p, const int8_t *input, int8_t *output,
                       void *scratch);

#endif
