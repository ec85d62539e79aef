/* Fixed-point arithmetic shared by all kernels.
 *
 * Results equal those of TFLite's reference kernels bit by bit.  Two properties of
 * the compiler are relied on, as every compiler for these targets has them: signed
 * right shift is arithmetic, and conversion to a signed type wraps. */
#ifndef EP_RUNTIME_H
#define EP_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Generated code compares this with the version that it was written for. */
#define EP_RUNTIME_ABI_VERSION 1

/* Where tables begin: at a word, or where vectors are read at a line of the cache. */
#if defined(__GNUC__)
#if defined(__aarch64__)
#define EP_ALIGNED __attribute__((aligned(64)))
#else
#define EP_ALIGNED __attribute__((aligned(4)))
#endif
#define EP_UNUSED __attribute__((unused)) /* parameters that only assembly sees */
#else
#define EP_ALIGNED
#define EP_UNUSED
#endif

static inline int32_t ep_clamp(int32_t value, int32_t low, int32_t high) {
    if (value < low) {
        value = low;
    }
    return value > high ? high : value;
}

static inline float ep_limit(float value, float low, float high) {
    if (value < low) {
        value = low;
    }
    return value > high ? high : value;
}

/* High half of 2 * a * b, rounded to nearest, ties up (gemmlowp's
 * SaturatingRoundingDoublingHighMul).  a and b are never both INT32_MIN. */
static inline int32_t ep_high_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* value / 2^shift, rounded to nearest, ties away from zero; shift 0 to 31. */
static inline int32_t ep_rounding_shift(int32_t value, int32_t shift) {
    int32_t mask = (int32_t)(((uint32_t)1 << shift) - 1u);
    int32_t threshold = (int32_t)((uint32_t)mask >> 1) + (value < 0 ? 1 : 0);
    return (value >> shift) + ((value & mask) > threshold ? 1 : 0);
}

/* value * 2^shift with wrap-around; shift 0 to 31. */
static inline int32_t ep_shift_left(int32_t value, int32_t shift) {
    return (int32_t)((uint32_t)value << shift);
}

/* value * mantissa * 2^(shift - 31): the left part of the shift before the product,
 * the right part, rounded, after it. */
static inline int32_t ep_requantize(int32_t value, int32_t mantissa, int32_t shift) {
    int32_t left = shift > 0 ? shift : 0;
    return ep_rounding_shift(ep_high_mul(ep_shift_left(value, left), mantissa), left - shift);
}

/* How an int32 accumulator per output channel becomes an int8 output. */
typedef struct {
    const int32_t *bias; /* input zero point folded in where the kernel's header says so */
    const int32_t *mantissa;
    const int32_t *shift;
    int32_t zero_point;
    int32_t low;
    int32_t high;
} ep_output_stage;

static inline int8_t ep_finish(const ep_output_stage *stage, int32_t channel, int32_t sum) {
    int32_t value = ep_requantize(sum, stage->mantissa[channel], stage->shift[channel]);
    return (int8_t)ep_clamp(value + stage->zero_point, stage->low, stage->high);
}

/* A window that slides over height and width; padding before the input only, what
 * lies behind follows from the sizes. */
typedef struct {
    int32_t batches;
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t filter_h, filter_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
} ep_window;

#endif
