/* SQUARED_DIFFERENCE, int8, inputs of any shapes that broadcast. */
#ifndef EP_SQUARED_DIFFERENCE_S8_H
#define EP_SQUARED_DIFFERENCE_S8_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    int32_t first_zero_point;
    int32_t first_mantissa;
    int32_t first_shift; /* shifts are 0 or less */
    int32_t second_zero_point;
    int32_t second_mantissa;
    int32_t second_shift;
    int32_t mantissa;
    int32_t shift;
    int32_t zero_point;
    ep_broadcast broadcast;
} ep_squared_difference_s8_params;

/* The output may lie over an input that has its shape. */
void ep_squared_difference_s8(const ep_squared_difference_s8_params *p, const int8_t *first,
                              const int8_t *second, int8_t *output, void *scratch);

#endif
