#include "ep_add_broadcast_s8.h"

/* One stretch along the last dimension; returns where the next one goes. */
static int8_t *add_row(const ep_add_broadcast_s8_params *p, const int8_t *first,
                       const int8_t *second, int8_t *output) {
    for (int32_t i = 0; i < p->extent[3]; i++) {
        *output++ = ep_add_values(&p->sum, *first, *second);
        first += p->first_stride[3];
        second += p->second_stride[3];
    }
    return output;
}

void ep_add_broadcast_s8(const ep_add_broadcast_s8_params *p, const int8_t *first,
                         const int8_t *second, int8_t *output, void *scratch) {
    const int32_t *f = p->first_stride;
    const int32_t *s = p->second_stride;
    (void)scratch;
    for (int32_t a = 0; a < p->extent[0]; a++) {
        for (int32_t b = 0; b < p->extent[1]; b++) {
            for (int32_t c = 0; c < p->extent[2]; c++) {
                const int8_t *left =
                    first + (ptrdiff_t)a * f[0] + (ptrdiff_t)b * f[1] + (ptrdiff_t)c * f[2];
                const int8_t *right =
                    second + (ptrdiff_t)a * s[0] + (ptrdiff_t)b * s[1] + (ptrdiff_t)c * s[2];
                output = add_row(p, left, right, output);
            }
        }
    }
}
