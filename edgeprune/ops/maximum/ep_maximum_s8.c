#include "ep_maximum_s8.h"

void ep_maximum_s8(const ep_maximum_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const int8_t *x = first + row.first;
        const int8_t *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = *x > *y ? *x : *y;
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
