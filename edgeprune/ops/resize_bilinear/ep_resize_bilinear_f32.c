/* One pointer runs through the upper left pixel's channels; the others lie at offsets from it, so
 * that pointer, offsets and shares stay in registers. */
#include "ep_resize_bilinear_f32.h"

/* Offsets from one input pixel to its neighbours, and the share of each of the four. */
typedef struct {
    int32_t right, below, both;
    float share[4];
} corners;

static inline void mix(const corners *near, const float *pixel, float *output, int32_t depth) {
    const int32_t right = near->right, below = near->below, both = near->both;
    const float of_a = near->share[0], of_b = near->share[1], of_c = near->share[2],
                of_d = near->share[3];
    for (int32_t i = 0; i < depth; i++) {
        const float sum =
            pixel[0] * of_a + pixel[right] * of_b + pixel[below] * of_c + pixel[both] * of_d;
        output[i] = sum;
        pixel++;
    }
}

void ep_resize_bilinear_f32(const ep_resize_bilinear_f32_params *p, const float *input,
                            float *output, void *scratch) {
    const int32_t depth = p->depth;
    (void)scratch;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->height; y++) {
            const float *row = input + p->rows[2 * y];
            const int32_t below = p->rows[2 * y + 1] - p->rows[2 * y];
            const float down = p->row_shares[y];
            for (int32_t x = 0; x < p->width; x++) {
                const int32_t left = p->columns[2 * x], right = p->columns[2 * x + 1] - left;
                const float across = p->column_shares[x];
                const corners near = {right,
                                      below,
                                      right + below,
                                      {(1.0f - down) * (1.0f - across), (1.0f - down) * across,
                                       down * (1.0f - across), down * across}};
                mix(&near, row + left, output, depth);
                output += depth;
            }
        }
        input += p->input_size;
    }
}
