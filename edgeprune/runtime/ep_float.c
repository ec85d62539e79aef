#include "ep_float.h"
#include "ep_dsp.h"

static float from_bits(uint32_t bits) {
    float value;
    EP_COPY(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value) {
    uint32_t bits;
    EP_COPY(&bits, &value, sizeof bits);
    return bits;
}

/* 2^exponent for -126 to 127. */
static float power_of_two(int32_t exponent) {
    return from_bits((uint32_t)(exponent + 127) << 23);
}

/* x = k * ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r^2 * P(r) with P fitted to a relative
 * error of 2^-28; 2^k is applied in two halves, because k alone may be beyond the exponents. */
float ep_exp(float x) {
    if (!(x < 89.0f)) {
        return x * 0x1p127f; /* infinity, or NaN */
    }
    if (x < -104.0f) {
        return 0.0f;
    }
    const float scaled = x * 0x1.715476p+0f; /* 1 / ln 2 */
    const int32_t k = (int32_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f));
    /* ln 2 in two parts, of which the first has so few bits that its product with k is exact. */
    const float r = (x - (float)k * 0x1.62e4p-1f) - (float)k * 0x1.7f7d1cp-20f;
    float p = 0x1.6a1a72p-10f;
    p = p * r + 0x1.123fc6p-7f;
    p = p * r + 0x1.555916p-5f;
    p = p * r + 0x1.55548ap-3f;
    p = p * r + 0x1.fffffcp-2f;
    const float result = (p * r * r + r) + 1.0f;
    const int32_t half = k / 2;
    return result * power_of_two(half) * power_of_two(k - half);
}

/* Up to 0.55 x + x^3 * P(x^2), fitted to a relative error of 2^-29; above 1 - 2 / (e^2x + 1),
 * where that loses nothing. */
float ep_tanh(float x) {
    const float size = x < 0.0f ? -x : x;
    float result;
    if (size < 0.55f) {
        const float z = x * x;
        float p = -0x1.9b3044p-8f;
        p = p * z + 0x1.593d06p-6f;
        p = p * z - 0x1.b9287ap-5f;
        p = p * z + 0x1.110d26p-3f;
        p = p * z - 0x1.55554ap-2f;
        return p * z * x + x;
    }
    result = 1.0f - 2.0f / (ep_exp(2.0f * size) + 1.0f);
    return x < 0.0f ? -result : result;
}

float ep_logistic(float x) {
    if (x < 0.0f) {
        const float power = ep_exp(x);
        const float sum = 1.0f + power;
        const float lost = power - (sum - 1.0f); /* by rounding the sum */
        const float quotient = power / sum;
        return quotient - quotient * lost;
    }
    return 1.0f / (1.0f + ep_exp(-x));
}

/* Digit by digit: the root of the mantissa, raised so that the root has 24 bits and one for
 * rounding.  A root that is halfway between two floats does not exist. */
float ep_sqrt_bits(float x) {
    float scale = 1.0f;
    if (!(x > 0.0f)) {
        return x < 0.0f ? (x - x) / (x - x) : x; /* NaN; 0 and NaN themselves */
    }
    if (to_bits(x) >= 0x7f800000u) {
        return x; /* infinity */
    }
    if (x < 0x1p-126f) { /* below normal numbers */
        x *= 0x1p24f;
        scale = 0x1p-12f;
    }
    const uint32_t bits = to_bits(x);
    const int32_t exponent = (int32_t)(bits >> 23) - 127;
    const int32_t odd = exponent & 1;
    uint64_t rest = (uint64_t)((bits & 0x7fffffu) | 0x800000u) << (25 + odd);
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 48; bit != 0u; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    const uint32_t rounded = ((uint32_t)root + 1u) >> 1;
    return (float)rounded * 0x1p-23f * power_of_two((exponent - odd) / 2) * scale;
}
