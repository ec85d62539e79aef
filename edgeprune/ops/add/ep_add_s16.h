/* ADD and SUB, int16, inputs of any shapes that broadcast. */
#ifndef EP_ADD_S16_H
#define EP_ADD_S16_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

/* How one input goes to the common scale of the sum. */
typedef struct {
    int32_t mantissa;
    int32_t shift; /* 0 or less */
} ep_addend_s16;

typedef struct {
    ep_addend_s16 first;
    ep_addend_s16 second; /* its mantissa is negative for SUB */
    int32_t mantissa;
    int32_t shift; /* 0 or less */
    int32_t low;
    int32_t high;
    ep_broadcast broadcast;
} ep_add_s16_params;

/* The output may lie over an input that has its shape. */
void ep_add_s16(const ep_add_s16_params *p, const int16_t *first, const int16_t *second,
                int16_t *output, void *scratch);

#endif
