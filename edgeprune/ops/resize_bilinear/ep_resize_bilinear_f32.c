#include "ep_resize_bilinear_f32.h"

/* Four pixels and their shares. */
typedef struct {
    const float *pixel[4];
    float share[4];
} corners;

static void mix(const corners *near, float *output, int32_t depth) {
    const float *a = near->pixel[0], *b = near->pixel[1], *c = near->pixel[2], *d = near->pixel[3];
    const float of_a = near->share[0], of_b = near->share[1], of_c = near->share[2],
                of_d = near->share[3];
    for (int32_t i = 0; i < depth; i++) {
        output[i] = a[i] * of_a + b[i] * of_b + c[i] * of_c + d[i] * of_d;
    }
}

void ep_resize_bilinear_f32(const ep_resize_bilinear_f32_params *p, const float *input,
                            float *output, void *scratch) {
    (void)scratch;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->height; y++) {
            const float *lower = input + p->rows[2 * y], *upper = input + p->rows[2 * y + 1];
            const float down = p->row_shares[y];
            for (int32_t x = 0; x < p->width; x++) {
                const int32_t left = p->columns[2 * x], right = p->columns[2 * x + 1];
                const float across = p->column_shares[x];
                const corners near = {
                    {lower + left, lower + right, upper + left, upper + right},
                    {(1.0f - down) * (1.0f - across), (1.0f - down) * across,
                     down * (1.0f - across), down * across},
                };
                mix(&near, output, p->depth);
                output += p->depth;
            }
        }
        input += p->input_size;
    }
}
