/* Functions of float32 without a mathematics library, which bare-metal targets do not link.
 *
 * Errors are in units of the last place of the result and were measured over all inputs. */
#ifndef EP_FLOAT_H
#define EP_FLOAT_H

#include <stdint.h>

/* e^x, within 1 unit; within 1.5 of the last place that subnormal results have. */
float ep_exp(float x);

/* Within 2 units. */
float ep_tanh(float x);

/* 1 / (1 + e^-x), within 2 units. */
float ep_logistic(float x);

/* Correctly rounded; of a negative number NaN. */
float ep_sqrt_bits(float x);

static inline float ep_sqrt(float x) {
#if defined(__aarch64__)
    float result;
    __asm__("fsqrt %s0, %s1" : "=w"(result) : "w"(x));
    return result;
#elif defined(__ARM_FP) && (__ARM_FP & 4)
    float result;
    __asm__("vsqrt.f32 %0, %1" : "=t"(result) : "t"(x));
    return result;
#else
    return ep_sqrt_bits(x);
#endif
}

#endif
