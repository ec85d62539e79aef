/* AVERAGE_POOL_2D, int8, at least sixteen channels and at most 255 taps, for Neon.
 *
 * Sums of that many taps divided by their number in float32 are exact where they are whole, and
 * otherwise so far from whole numbers that rounding does not reach them: what is cut off is the
 * reference's division. */
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
