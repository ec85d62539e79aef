#include "ep_mul_s8.h"

static int8_t multiply(const ep_mul_s8_params *p, int32_t x, int32_t y) {
    const int32_t product = (x - p->first_zero_point) * (y - p->second_zero_point);
    const int32_t value = ep_requantize(product, p->mantissa, p->shift) + p->zero_point;
    return (int8_t)ep_clamp(value, p->low, p->high);
}

void ep_mul_s8(const ep_mul_s8_params *p, const int8_t *first, const int8_t *second, int8_t *output,
               void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const int8_t *x = first + row.first;
        const int8_t *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = multiply(p, *x, *y);
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
