#include "ep_minimum_f32.h"

void ep_minimum_f32(const ep_minimum_f32_params *p, const float *first, const float *second,
                    float *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    ep_row row = ep_first_row();
    (void)scratch;
    do {
        const float *x = first + row.first;
        const float *y = second + row.second;
        for (int32_t i = 0; i < b->extent[3]; i++) {
            output[row.output + i] = *x < *y ? *x : *y;
            x += b->first_step[3];
            y += b->second_step[3];
        }
    } while (ep_next_row(b, &row) != 0);
}
