/* One pointer runs through the upper left pixel's channels; the others lie at offsets from it, so
 * that pointer, offsets and shares stay in registers. */
#include "ep_resize_bilinear_s8.h"

/* Offsets from one input pixel to its neighbours, and the share of each of the four. */
typedef struct {
    int32_t right, below, both;
    int32_t share[4];
} corners;

#if defined(__thumb2__)
/* Two loads at a time, which overlap.  Not inlined: its caller leaves too few registers. */
__attribute__((noinline)) static void mix(const corners *near, const int8_t *pixel, int8_t *output,
                                          int32_t depth) {
    const int8_t *below = pixel + near->below;
    int32_t a, b, sum;
    __asm__ volatile(
        ".p2align 2\n"
        "1: ldrsb %[b], [%[pixel], %[right]]\n"
        "ldrsb %[a], [%[pixel]], #1\n"
        "mul %[sum], %[b], %[of_b]\n"
        "mla %[sum], %[a], %[of_a], %[sum]\n"
        "ldrsb %[b], [%[below], %[right]]\n"
        "ldrsb %[a], [%[below]], #1\n"
        "mla %[sum], %[b], %[of_d], %[sum]\n"
        "mla %[sum], %[a], %[of_c], %[sum]\n"
        "add %[sum], %[sum], %[sum], asr #31\n"
        "add %[sum], %[sum], #0x80000\n"
        "asrs %[sum], %[sum], #20\n"
        "strb %[sum], [%[output]], #1\n"
        "subs %[depth], %[depth], #1\n"
        "bne 1b\n"
        : [pixel] "+r"(pixel), [below] "+r"(below), [output] "+r"(output), [depth] "+r"(depth),
          [a] "=&r"(a), [b] "=&r"(b), [sum] "=&r"(sum)
        : [right] "r"(near->right), [of_a] "r"(near->share[0]), [of_b] "r"(near->share[1]),
          [of_c] "r"(near->share[2]), [of_d] "r"(near->share[3])
        : "cc", "memory");
}
#else
static inline void mix(const corners *near, const int8_t *pixel, int8_t *output, int32_t depth) {
    const int32_t right = near->right, below = near->below, both = near->both;
    const int32_t of_a = near->share[0], of_b = near->share[1], of_c = near->share[2],
                  of_d = near->share[3];
    for (int32_t i = 0; i < depth; i++) {
        const int32_t sum =
            pixel[0] * of_a + pixel[right] * of_b + pixel[below] * of_c + pixel[both] * of_d;
        output[i] = (int8_t)((sum + (1 << 19) + (sum >> 31)) >> 20);
        pixel++;
    }
}
#endif

void ep_resize_bilinear_s8(const ep_resize_bilinear_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const int32_t depth = p->depth;
    (void)scratch;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->height; y++) {
            const int8_t *row = input + p->rows[2 * y];
            const int32_t below = p->rows[2 * y + 1] - p->rows[2 * y];
            const int32_t down = p->row_shares[y];
            for (int32_t x = 0; x < p->width; x++) {
                const int32_t left = p->columns[2 * x], right = p->columns[2 * x + 1] - left;
                const int32_t across = p->column_shares[x];
                const corners near = {right,
                                      below,
                                      right + below,
                                      {(1024 - down) * (1024 - across), (1024 - down) * across,
                                       down * (1024 - across), down * across}};
                mix(&near, row + left, output, depth);
                output += depth;
            }
        }
        input += p->input_size;
    }
}
