#include "ep_squared_difference_s8.h"

enum { HEADROOM_BITS = 7 };

static int8_t square(const ep_squared_difference_s8_params *p, int32_t first, int32_t second) {
    const int32_t x = ep_shift_left(first - p->first_zero_point, HEADROOM_BITS);
    const int32_t y = ep_shift_left(second - p->second_zero_point, HEADROOM_BITS);
    const int32_t difference = ep_requantize(x, p->first_mantissa, p->first_shift) -
                               ep_requantize(y, p->second_mantissa, p->second_shift);
    const int32_t value = ep_requantize(difference * difference, p->mantissa, p->shift);
    return (int8_t)ep_clamp(value + p->zero_point, INT8_MIN, INT8_MAX);
}

void ep_squared_difference_s8(const ep_squared_difference_s8_params *p, const int8_t *first,
                              const int8_t *second, int8_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const int8_t *x = first + row.first;
        const int8_t *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = square(p, *x, *y);
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
