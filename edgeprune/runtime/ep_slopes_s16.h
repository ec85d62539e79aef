/* ReLU and its relatives, and the absolute value, int16 with zero points 0. */
#ifndef EP_SLOPES_S16_H
#define EP_SLOPES_S16_H

#include "ep_runtime.h"

typedef struct {
    int32_t mantissa; /* may be negative */
    int32_t shift;
} ep_slope;

typedef struct {
    int32_t count;
    ep_slope positive; /* for inputs of 0 and more */
    ep_slope negative; /* for inputs below */
    int32_t low;
    int32_t high;
} ep_slopes_s16_params;

/* The output may lie over the input. */
void ep_slopes_s16(const ep_slopes_s16_params *p, const int16_t *input, int16_t *output,
                   void *scratch);

#endif
