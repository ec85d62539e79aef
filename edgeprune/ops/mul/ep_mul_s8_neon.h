/* MUL, int8, inputs of any shapes that broadcast, for Neon. */
#ifndef EP_MUL_S8_NEON_H
#define EP_MUL_S8_NEON_H

#include "ep_broadcast.h"
#include "ep_neon_s8.h"

typedef struct {
    int8_t first_zero_point, second_zero_point;
    int32_t mantissa, shift;
    ep_neon_output output;
    ep_broadcast broadcast;
} ep_mul_s8_neon_params;

/* The output may lie over an input that has its shape. */
void ep_mul_s8_neon(const ep_mul_s8_neon_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output, void *scratch);

#endif
