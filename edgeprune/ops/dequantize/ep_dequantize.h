/* DEQUANTIZE, int8, uint8 or int16 to float32. */
#ifndef EP_DEQUANTIZE_H
#define EP_DEQUANTIZE_H

#include "ep_integer.h"

typedef struct {
    int32_t count;
    ep_integer_type type;
    float scale;
    int32_t zero_point;
} ep_dequantize_params;

void ep_dequantize(const ep_dequantize_params *p, const void *input, float *output, void *scratch);

#endif
