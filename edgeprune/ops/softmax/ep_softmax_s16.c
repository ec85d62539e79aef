#include "ep_softmax_s16.h"

#include "ep_interpolate_s16.h"

static int32_t leading_zeros(uint32_t value) {
    int32_t count = 0;
    while (count < 32 && !(value & 0x80000000u)) {
        value <<= 1;
        count++;
    }
    return count;
}

/* exp() of a value's distance to the row's maximum, 15 bits behind the point. */
static int16_t exponential(const ep_softmax_s16_params *p, int32_t difference) {
    const int32_t steps = ep_requantize(difference, p->mantissa, p->shift);
    return ep_interpolated(p->exponential, ep_clamp(steps, -65535, 0) + 32767);
}

static void one_row(const ep_softmax_s16_params *p, const int16_t *input, int16_t *output) {
    int32_t largest = input[0], sum = 0;
    for (int32_t i = 1; i < p->depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    for (int32_t i = 0; i < p->depth; i++) {
        output[i] = exponential(p, input[i] - largest);
        sum += output[i];
    }
    /* The sum is 2^(31 - zeros) times 1 + x. */
    const int32_t zeros = leading_zeros((uint32_t)sum);
    const int32_t scaled = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t x = ep_clamp(scaled - (1 << 15) - (1 << 16), INT16_MIN, INT16_MAX);
    const int32_t reciprocal = ep_interpolated(p->reciprocal, x);
    const int32_t shift = 31 - zeros;
    for (int32_t i = 0; i < p->depth; i++) {
        const int64_t product = (int64_t)output[i] * reciprocal + ((int64_t)1 << (shift - 1));
        output[i] = (int16_t)ep_clamp((int32_t)(product >> shift), 0, INT16_MAX);
    }
}

void ep_softmax_s16(const ep_softmax_s16_params *p, const int16_t *input, int16_t *output,
                    void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        one_row(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
