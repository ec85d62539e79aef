/* Sums over pixels, sixteen channels at a time. */
#ifndef EP_NEON_SUM_S8_H
#define EP_NEON_SUM_S8_H

#include "ep_neon_s8.h"

#define EP_NEON_MOST_TAPS 255 /* whose sum fits 16 bits */

typedef struct {
    int16x8_t low, high;
} ep_neon_sum;

EP_INLINE ep_neon_sum ep_neon_no_sum(void) {
    const ep_neon_sum sum = {vdupq_n_s16(0), vdupq_n_s16(0)};
    return sum;
}

/* Adds `taps` pixels that are `step` bytes apart. */
EP_INLINE ep_neon_sum ep_neon_add_taps(ep_neon_sum sum, const int8_t *from, int32_t taps,
                                       ptrdiff_t step) {
    for (; taps > 0; taps--) {
        const int8x16_t value = vld1q_s8(from);
        sum.low = vaddw_s8(sum.low, vget_low_s8(value));
        sum.high = vaddw_high_s8(sum.high, value);
        from += step;
    }
    return sum;
}

#endif
