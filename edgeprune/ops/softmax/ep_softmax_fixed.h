/* Fixed point that the kernels of SOFTMAX share.
 *
 * Numbers are written Qi: i bits before the binary point, 31 - i behind it.  The product of Qa and
 * Qb by ep_high_mul is Q(a + b).  The approximations are those of the reference kernel (gemmlowp's
 * fixed point), so that every bit agrees. */
#ifndef EP_SOFTMAX_FIXED_H
#define EP_SOFTMAX_FIXED_H

#include "ep_runtime.h"

/* value * 2^shift, saturated. */
static inline int32_t ep_saturating_shift_left(int32_t value, int32_t shift) {
    const int32_t limit = INT32_MAX >> shift;
    if (value > limit) {
        return INT32_MAX;
    }
    return value < -limit - 1 ? INT32_MIN : ep_shift_left(value, shift);
}

/* 1 / (1 + a) for a in [0, 1), by three Newton steps; Q0 to Q0. */
static inline int32_t ep_one_over_one_plus(int32_t a) {
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + ep_high_mul(half_denominator, -1010580540); /* 48/17, -32/17; Q2 */
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - ep_high_mul(half_denominator, x);
        x += ep_saturating_shift_left(ep_high_mul(x, error), 2);
    }
    return ep_saturating_shift_left(x, 1);
}

static inline int32_t ep_largest(const int8_t *row, int32_t depth) {
    int32_t result = INT8_MIN;
    for (int32_t i = 0; i < depth; i++) {
        result = row[i] > result ? row[i] : result;
    }
    return result;
}

static inline int32_t ep_leading_zeros(uint32_t value) {
    int32_t count = 0;
    for (; count < 32 && !(value & 0x80000000u); count++) {
        value <<= 1;
    }
    return count;
}

/* What a row's exponentials are multiplied by, and then shifted right by, to be probabilities of
 * 8 fractional bits.  `sum` is theirs, Q12. */
typedef struct {
    int32_t factor;
    int32_t shift;
} ep_share;

static inline ep_share ep_share_of(int32_t sum) {
    const int32_t headroom = ep_leading_zeros((uint32_t)sum);
    ep_share share;
    share.factor = ep_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - (1u << 31)));
    share.shift = 12 - headroom + 31 - 8;
    return share;
}

/* The int8 output of an exponential, Q0.  Neither is negative, so ties round up. */
static inline int8_t ep_probability(const ep_share *share, int32_t exponential) {
    uint32_t value = 0;
    if (share->shift <= 31) {
        const uint32_t half = 1u << (share->shift - 1);
        value = ((uint32_t)ep_high_mul(share->factor, exponential) + half) >> share->shift;
    }
    return (int8_t)((int32_t)(value > 255u ? 255u : value) + INT8_MIN);
}

#endif
