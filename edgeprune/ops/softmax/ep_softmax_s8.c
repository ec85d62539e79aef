#include "ep_softmax_fixed.h"
#include "ep_softmax_s8.h"

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
    int32_t result = exp_of_small(ep_saturating_shift_left(small, 5));
    for (int32_t k = 0; k < 7; k++) {
        if (remainder & (quarter << k)) {
            result = ep_high_mul(result, powers[k]);
        }
    }
    return result;
}

/* exp() of a value's distance to the row's maximum, Q0. */
static int32_t exp_of_difference(const ep_softmax_s8_params *p, int32_t difference) {
    return exp_of_negative(ep_high_mul(ep_shift_left(difference, p->left_shift), p->mantissa));
}

static void softmax_row(const ep_softmax_s8_params *p, const int8_t *row, int8_t *output) {
    const int32_t top = ep_largest(row, p->depth);
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < p->depth; i++) {
        if (row[i] - top >= p->lowest_difference) {
            sum += ep_rounding_shift(exp_of_difference(p, row[i] - top), 12);
        }
    }
    const ep_share share = ep_share_of(sum);
    for (int32_t i = 0; i < p->depth; i++) {
        int32_t exponential = 0;
        if (row[i] - top >= p->lowest_difference) {
            exponential = exp_of_difference(p, row[i] - top);
        }
        output[i] = ep_probability(&share, exponential);
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
