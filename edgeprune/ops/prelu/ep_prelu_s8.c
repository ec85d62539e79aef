#include "ep_prelu_s8.h"

static int8_t rectify(const ep_prelu_s8_params *p, int32_t input, int32_t slope) {
    const int32_t x = input - p->first_zero_point;
    const int32_t product = x * (slope - p->second_zero_point);
    const int32_t value = x >= 0 ? ep_requantize(x, p->mantissa, p->shift)
                                 : ep_requantize(product, p->negative_mantissa, p->negative_shift);
    return (int8_t)ep_clamp(value + p->zero_point, INT8_MIN, INT8_MAX);
}

void ep_prelu_s8(const ep_prelu_s8_params *p, const int8_t *first, const int8_t *second,
                 int8_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const int8_t *x = first + row.first;
        const int8_t *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = rectify(p, *x, *y);
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
