#include "ep_softmax_s8.h"

/* Fixed-point numbers are written Qi: i bits before the binary point, 31 - i behind it.
 * The product of Qa and Qb by ep_high_mul is Q(a + b).  The approximations are those of
 * the reference kernel (gemmlowp's fixed point), so that every bit agrees. */

/* value * 2^shift, saturated. */
static int32_t saturating_shift_left(int32_t value, int32_t shift) {
    const int32_t limit = INT32_MAX >> shift;
    if (value > limit) {
        return INT32_MAX;
    }
    return value < -limit - 1 ? INT32_MIN : ep_shift_left(value, shift);
}

/* exp(a) for a in [-1/4, 0): a Taylor polynomial about -1/8; Q0 to Q0. */
static int32_t exp_of_small(int32_t a) {
    const int32_t exp_of_eighth = 1895147668; /* exp(-1/8) */
    const int32_t third = 715827883;
    const int32_t x = a + (1 << 28);
    const int32_t x2 = ep_high_mul(x, x);
    const int32_t x3 = ep_high_mul(x2, x);
    const int32_t x4 = ep_high_mul(x2, x2);
    const int32_t sixths = ep_high_mul(ep_rounding_shift(x4, 2) + x3, third);
    const int32_t tail = ep_rounding_shift(sixths + x2, 1);
    return exp_of_eighth + ep_high_mul(exp_of_eighth, x + tail);
}

/* exp(a) for a <= 0; Q5 to Q0. */
static int32_t exp_of_negative(int32_t a) {
    /* exp(-2^k) for k = -2 to 4, Q0. */
    static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t small = (a & (quarter - 1)) - quarter;
    const int32_t remainder = small - a; /* a multiple of 1/4 */
    int32_t result = exp_of_small(saturating_shift_left(small, 5));
    for (int32_t k = 0; k < 7; k++) {
        if (remainder & (quarter << k)) {
            result = ep_high_mul(result, powers[k]);
        }
    }
    return result;
}

/* 1 / (1 + a) for a in [0, 1), by three Newton steps; Q0 to Q0. */
static int32_t one_over_one_plus(int32_t a) {
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + ep_high_mul(half_denominator, -1010580540); /* 48/17, -32/17; Q2 */
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - ep_high_mul(half_denominator, x);
        x += saturating_shift_left(ep_high_mul(x, error), 2);
    }
    return saturating_shift_left(x, 1);
}

/* exp() of a value's distance to the row's maximum, Q0. */
static int32_t exp_of_difference(const ep_softmax_s8_params *p, int32_t difference) {
    return exp_of_negative(ep_high_mul(ep_shift_left(difference, p->left_shift), p->mantissa));
}

static int32_t largest(const int8_t *row, int32_t depth) {
    int32_t result = INT8_MIN;
    for (int32_t i = 0; i < depth; i++) {
        result = row[i] > result ? row[i] : result;
    }
    return result;
}

static int32_t leading_zeros(uint32_t value) {
    int32_t count = 0;
    for (; count < 32 && !(value & 0x80000000u); count++) {
        value <<= 1;
    }
    return count;
}

static void softmax_row(const ep_softmax_s8_params *p, const int8_t *row, int8_t *output) {
    const int32_t top = largest(row, p->depth);
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < p->depth; i++) {
        if (row[i] - top >= p->lowest_difference) {
            sum += ep_rounding_shift(exp_of_difference(p, row[i] - top), 12);
        }
    }
    const int32_t headroom = leading_zeros((uint32_t)sum);
    const int32_t scale = one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - (1u << 31)));
    const int32_t shift = 12 - headroom + 31 - 8;
    for (int32_t i = 0; i < p->depth; i++) {
        int32_t value = 0;
        if (row[i] - top >= p->lowest_difference) {
            const int32_t share = ep_high_mul(scale, exp_of_difference(p, row[i] - top));
            value = shift > 31 ? 0 : ep_rounding_shift(share, shift);
        }
        output[i] = (int8_t)ep_clamp(value + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void ep_softmax_s8(const ep_softmax_s8_params *p, const int8_t *input, int8_t *output,
                   void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        softmax_row(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
