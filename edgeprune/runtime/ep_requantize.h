/* Requantization in few instructions: see edgeprune/ops/requantize.py for why it is exact.
 *
 * Kernels whose loops are assembly use the same factors in the same order; this is for C. */
#ifndef EP_REQUANTIZE_H
#define EP_REQUANTIZE_H

#include <stdint.h>

/* sum + a * b / 2^32 with wrap-around, rounded to nearest, ties up. */
static inline int32_t ep_smmlar(int32_t a, int32_t b, int32_t sum) {
#if defined(__ARM_FEATURE_DSP)
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
#else
    const uint64_t rounded = (uint64_t)((int64_t)a * b) + 0x80000000u;
    return (int32_t)((uint32_t)(rounded >> 32) + (uint32_t)sum);
#endif
}

/* sum + a * b / 2^32 with wrap-around, rounded down. */
static inline int32_t ep_smmla(int32_t a, int32_t b, int32_t sum) {
#if defined(__ARM_FEATURE_DSP)
    int32_t result;
    __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
#else
    return (int32_t)((uint32_t)((uint64_t)((int64_t)a * b) >> 32) + (uint32_t)sum);
#endif
}

/* The nearest int8. */
static inline int8_t ep_saturate_s8(int32_t value) {
#if defined(__ARM_FEATURE_DSP)
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return (int8_t)result;
#else
    return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
#endif
}

/* An int8 output for any clamp that is the whole int8 range. */
static inline int8_t ep_requantize_fast(int32_t sum, int32_t factor, int32_t scale,
                                        int32_t zero_point) {
    int32_t high = ep_smmlar(sum, factor, sum);
    return ep_saturate_s8(ep_smmlar(high + (high >> 31), scale, zero_point));
}

/* The same where the lower clamp is at or above the zero point. */
static inline int8_t ep_requantize_fast_relu(int32_t sum, int32_t factor, int32_t scale,
                                             int32_t zero_point) {
    return ep_saturate_s8(ep_smmlar(ep_smmlar(sum, factor, sum), scale, zero_point));
}

#endif
