/* QUANTIZE, float32 to int8, uint8 or int16. */
#ifndef EP_QUANTIZE_F32_H
#define EP_QUANTIZE_F32_H

#include "ep_integer.h"

typedef struct {
    int32_t count;
    ep_integer_type type; /* of the output */
    float scale;
    int32_t zero_point;
    int32_t low, high; /* the type's */
} ep_quantize_f32_params;

void ep_quantize_f32(const ep_quantize_f32_params *p, const float *input, void *output,
                     void *scratch);

#endif
