#include "ep_quantize_integer.h"

/* value + zero_point within the output's type; the sum may leave 32 bits. */
static int32_t placed(const ep_quantize_integer_params *p, int32_t value) {
    const int64_t sum = (int64_t)value + p->zero_point;
    if (sum < p->low) {
        return p->low;
    }
    return sum > p->high ? p->high : (int32_t)sum;
}

void ep_quantize_integer(const ep_quantize_integer_params *p, const void *input, void *output,
                         void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t value = ep_read_integer(input, p->input_type, i) - p->input_zero_point;
        const int32_t scaled = ep_requantize(value, p->mantissa, p->shift);
        ep_write_integer(output, p->type, i, placed(p, scaled));
    }
}
