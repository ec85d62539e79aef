/* QUANTIZE, integers to another scale, zero point or type. */
#ifndef EP_QUANTIZE_INTEGER_H
#define EP_QUANTIZE_INTEGER_H

#include "ep_integer.h"

typedef struct {
    int32_t count;
    ep_integer_type input_type, type;
    int32_t input_zero_point;
    int32_t mantissa;
    int32_t shift;
    int32_t zero_point;
    int32_t low, high; /* the output type's */
} ep_quantize_integer_params;

void ep_quantize_integer(const ep_quantize_integer_params *p, const void *input, void *output,
                         void *scratch);

#endif
