#include "ep_add_s16.h"

enum { HEADROOM_BITS = 15 };

static int32_t scale(const ep_addend_s16 *a, int32_t value) {
    return ep_requantize(ep_shift_left(value, HEADROOM_BITS), a->mantissa, a->shift);
}

static int16_t sum(const ep_add_s16_params *p, int32_t x, int32_t y) {
    const int32_t total = scale(&p->first, x) + scale(&p->second, y);
    return (int16_t)ep_clamp(ep_requantize(total, p->mantissa, p->shift), p->low, p->high);
}

void ep_add_s16(const ep_add_s16_params *p, const int16_t *first, const int16_t *second,
                int16_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const int16_t *x = first + row.first;
        const int16_t *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = sum(p, *x, *y);
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
