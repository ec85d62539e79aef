/* MUL, int16, inputs of any shapes that broadcast. */
#ifndef EP_MUL_S16_H
#define EP_MUL_S16_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    int32_t mantissa;
    int32_t shift;
    int32_t low;
    int32_t high;
    ep_broadcast broadcast;
} ep_mul_s16_params;

/* The output may lie over an input that has its shape. */
void ep_mul_s16(const ep_mul_s16_params *p, const int16_t *first, const int16_t *second,
                int16_t *output, void *scratch);

#endif
