/* AVERAGE_POOL_2D, int8, at least sixteen channels and at most 255 taps, for Neon.
 *
 * Such sums divided by such numbers in float32 are exact where they are whole or lie halfway, and
 * otherwise at least 1/510 from halfway, which rounding errors do not reach: the instruction that
 * rounds half away from zero gives what the reference's integers do. */
#ifndef EP_AVERAGE_POOL_2D_S8_NEON_H
#define EP_AVERAGE_POOL_2D_S8_NEON_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    int32_t low, high;
} ep_average_pool_2d_s8_neon_params;

void ep_average_pool_2d_s8_neon(const ep_average_pool_2d_s8_neon_params *p, const int8_t *input,
                                int8_t *output, void *scratch);

#endif
