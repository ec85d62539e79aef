#include "ep_resize_bilinear_s8.h"

/* Four pixels and their shares. */
typedef struct {
    const int8_t *pixel[4];
    int32_t share[4];
} corners;

static void mix(const corners *near, int8_t *output, int32_t depth) {
    const int8_t *a = near->pixel[0], *b = near->pixel[1], *c = near->pixel[2], *d = near->pixel[3];
    const int32_t of_a = near->share[0], of_b = near->share[1], of_c = near->share[2],
                  of_d = near->share[3];
    for (int32_t i = 0; i < depth; i++) {
        const int32_t sum = a[i] * of_a + b[i] * of_b + c[i] * of_c + d[i] * of_d;
        output[i] = (int8_t)((sum + (1 << 19) + (sum >> 31)) >> 20);
    }
}

void ep_resize_bilinear_s8(const ep_resize_bilinear_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    (void)scratch;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->height; y++) {
            const int8_t *lower = input + p->rows[2 * y], *upper = input + p->rows[2 * y + 1];
            const int32_t down = p->row_shares[y];
            for (int32_t x = 0; x < p->width; x++) {
                const int32_t left = p->columns[2 * x], right = p->columns[2 * x + 1];
                const int32_t across = p->column_shares[x];
                const corners near = {
                    {lower + left, lower + right, upper + left, upper + right},
                    {(1024 - down) * (1024 - across), (1024 - down) * across,
                     down * (1024 - across), down * across},
                };
                mix(&near, output, p->depth);
                output += p->depth;
            }
        }
        input += p->input_size;
    }
}
