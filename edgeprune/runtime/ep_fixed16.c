#include "ep_fixed16.h"

static int16_t saturated(int32_t value) {
    if (value > INT16_MAX) {
        return INT16_MAX;
    }
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value);
}

/* a * b, rounded, ties away from zero; Qa times Qb is Q(a + b). */
static int16_t product(int32_t a, int32_t b) {
    const int32_t both = a * b;
    const int32_t nudge = both >= 0 ? 1 << 14 : 1 - (1 << 14);
    return saturated((both + nudge) / (1 << 15));
}

/* value / 2^shift, rounded, ties away from zero. */
static int16_t rounded_shift(int32_t value, int32_t shift) {
    const int32_t mask = (1 << shift) - 1;
    const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return (int16_t)((value >> shift) + ((value & mask) > threshold ? 1 : 0));
}

/* value * 2^shift, saturated. */
static int16_t raised(int32_t value, int32_t shift) {
    return saturated(value * (1 << shift));
}

/* exp(a) for a in [-1/4, 0): a Taylor polynomial about -1/8; Q0 to Q0. */
static int16_t exp_of_small(int32_t a) {
    const int32_t exp_of_eighth = 28918; /* exp(-1/8) */
    const int32_t third = 10923;
    const int32_t x = a + (1 << 12);
    const int32_t x2 = product(x, x);
    const int32_t x3 = product(x2, x);
    const int32_t x4 = product(x2, x2);
    const int32_t sixths = product(rounded_shift(x4, 2) + x3, third);
    const int32_t tail = rounded_shift(sixths + x2, 1);
    return saturated(exp_of_eighth + product(exp_of_eighth, x + tail));
}

/* exp(a) for a <= 0; Q(integer_bits), 0 to 7, to Q0. */
static int16_t exp_of_negative(int32_t a, int32_t integer_bits) {
    /* exp(-2^k) for k = -2 to 4, Q0. */
    static const int16_t powers[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t fraction_bits = 15 - integer_bits;
    if (a == 0) {
        return INT16_MAX;
    }
    const int32_t quarter = 1 << (fraction_bits - 2);
    const int32_t small = (a & (quarter - 1)) - quarter;
    const int32_t remainder = small - a; /* a multiple of 1/4 */
    int16_t result = exp_of_small(raised(small, integer_bits));
    for (int32_t k = 0; k < 7 && k - 2 < integer_bits; k++) {
        if (remainder & (quarter << k)) {
            result = product(result, powers[k]);
        }
    }
    if (integer_bits > 5 && a < -(1 << (36 - integer_bits - 16))) {
        result = 0;
    }
    return result;
}

/* An approximation of 1 / ((1 + a) / 2) for a in [0, 1), by three Newton steps; Q0 to Q2. */
static int16_t reciprocal(int32_t a) {
    const int32_t half_denominator = (a + INT16_MAX + 1) / 2;
    int16_t x = saturated(23130 + product(half_denominator, -15420)); /* 48/17, -32/17 */
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = saturated((1 << 13) - product(half_denominator, x));
        x = saturated(x + raised(product(x, error), 2));
    }
    return x;
}

int16_t ep_logistic_q3(int16_t value) {
    if (value == 0) {
        return 1 << 14;
    }
    const int32_t negative = value > 0 ? -value : value;
    /* Half of the reciprocal: Q1, of the same bits. */
    const int16_t result = raised(reciprocal(exp_of_negative(negative, 3)), 1);
    return (int16_t)(value > 0 ? result : INT16_MAX - result);
}

int16_t ep_tanh_q(int16_t value, int32_t integer_bits) {
    if (value == 0) {
        return 0;
    }
    const int32_t negative = value > 0 ? -value : value;
    /* Twice the value: the same bits with one more before the point. */
    const int32_t x = reciprocal(exp_of_negative(negative, integer_bits + 1));
    const int16_t result = raised(saturated(x - (1 << 13)), 2);
    return (int16_t)(value > 0 ? result : -result);
}
