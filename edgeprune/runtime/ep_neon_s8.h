/* What the Neon kernels for int8 share: the extension that not every core has, and the way from
 * sums to outputs.
 *
 * SQRDMULH is the reference's first rounding (ep_high_mul), SRSHL with a negative shift its second
 * but for ties of negative numbers, which it rounds up; a number less by one rounds down and is no
 * tie any more.  Where the lower clamp is at or above the zero point, as after ReLU, negative
 * numbers are clamped either way. */
#ifndef EP_NEON_S8_H
#define EP_NEON_S8_H

#include <arm_neon.h>
#include <string.h>

#include "ep_runtime.h"

#define EP_INLINE static inline __attribute__((always_inline))
/* Before a loop whose arrays must end up in registers. */
#define EP_UNROLLED _Pragma("clang loop unroll(full)")
#define EP_USES_DOT_PRODUCTS __attribute__((target("dotprod")))

typedef enum {
    EP_NEON_RELU,  /* negative numbers are clamped; no shift to the left */
    EP_NEON_RIGHT, /* every shift is at least one to the right */
    EP_NEON_ANY
} ep_neon_rounding;

typedef struct {
    ep_neon_rounding rounding;
    int16_t zero_point;
    int8_t low, high;
} ep_neon_output;

/* Whether this core has SDOT; the first call asks the system. */
int ep_neon_has_dot_products(void);

/* The same in vectors. */
typedef struct {
    int16x8_t zero_point;
    int8x16_t low, high;
} ep_neon_bounds;

EP_INLINE ep_neon_bounds ep_neon_bounds_of(const ep_neon_output *o) {
    const ep_neon_bounds b = {vdupq_n_s16(o->zero_point), vdupq_n_s8(o->low), vdupq_n_s8(o->high)};
    return b;
}

/* Sums times mantissa * 2^(shift - 31). */
EP_INLINE int32x4_t ep_neon_requantize(int32x4_t sum, int32x4_t mantissa, int32x4_t shift,
                                       ep_neon_rounding rounding) {
    int32x4_t product;
    if (rounding == EP_NEON_ANY) {
        const int32x4_t zero = vdupq_n_s32(0);
        const int32x4_t right = vminq_s32(shift, zero);
        product = vqrdmulhq_s32(vshlq_s32(sum, vmaxq_s32(shift, zero)), mantissa);
        return vrshlq_s32(vsraq_n_s32(product, vandq_s32(product, right), 31), right);
    }
    product = vqrdmulhq_s32(sum, mantissa);
    if (rounding == EP_NEON_RIGHT) {
        product = vsraq_n_s32(product, product, 31);
    }
    return vrshlq_s32(product, shift);
}

EP_INLINE int16x8_t ep_neon_offset(int32x4_t a, int32x4_t b, int16x8_t zero_point) {
    return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero_point);
}

/* 16 requantized sums as outputs. */
EP_INLINE int8x16_t ep_neon_narrow(const int32x4_t value[4], ep_neon_bounds b) {
    const int16x8_t first = ep_neon_offset(value[0], value[1], b.zero_point);
    const int16x8_t second = ep_neon_offset(value[2], value[3], b.zero_point);
    const int8x16_t narrow = vqmovn_high_s16(vqmovn_s16(first), second);
    return vminq_s8(vmaxq_s8(narrow, b.low), b.high);
}

/* The first `count` of 16 bytes, count less than 16. */
EP_INLINE void ep_neon_store_some(int8_t *output, int8x16_t value, int32_t count) {
    if (count & 8) {
        vst1_s8(output, vget_low_s8(value));
        value = vextq_s8(value, value, 8);
        output += 8;
    }
    if (count & 4) {
        const int32_t four = vgetq_lane_s32(vreinterpretq_s32_s8(value), 0);
        memcpy(output, &four, sizeof four);
        value = vextq_s8(value, value, 4);
        output += 4;
    }
    if (count & 2) {
        vst1q_lane_s8(output, value, 0);
        vst1q_lane_s8(output + 1, value, 1);
        value = vextq_s8(value, value, 2);
        output += 2;
    }
    if (count & 1) {
        vst1q_lane_s8(output, value, 0);
    }
}

EP_INLINE void ep_neon_store(int8_t *output, int8x16_t value, int32_t count) {
    if (count >= 16) {
        vst1q_s8(output, value);
    } else {
        ep_neon_store_some(output, value, count);
    }
}

#endif
