/* SOFTMAX over the last dimension, int8, output scale 1/256 and zero point -128. */
#ifndef EP_SOFTMAX_S8_H
#define EP_SOFTMAX_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t mantissa; /* beta * input scale, to 5 integer and 26 fractional bits */
    int32_t left_shift;
    int32_t lowest_difference; /* below it, exp() counts as zero */
} ep_softmax_s8_params;

void ep_softmax_s8(const ep_softmax_s8_params *p, const int8_t *input, int8_t *output,
                   void *scratch);

#endif
