/* What both ways to multiply a panel share: the weights of a step, and from sums to outputs.
 *
 * Counts of pixels and vectors are constants where these functions end up, so that all loops over
 * them vanish and their arrays are registers. */
#ifndef EP_NEON_TILE_S8_H
#define EP_NEON_TILE_S8_H

#include "ep_neon_panels_s8.h"

/* The four vectors of a step, or two of a half panel.  The pointer is hidden from the compiler,
 * which otherwise computes several ahead. */
EP_INLINE void ep_neon_load_step(int8x16_t w[4], const int8_t **weights, int32_t vectors) {
    if (vectors == 4) {
        const int8x16x4_t all = vld1q_s8_x4(*weights);
        w[0] = all.val[0], w[1] = all.val[1], w[2] = all.val[2], w[3] = all.val[3];
    } else {
        const int8x16x2_t both = vld1q_s8_x2(*weights);
        w[0] = both.val[0], w[1] = both.val[1];
    }
    *weights += 16 * vectors;
    __asm__ volatile("" : "+r"(*weights) : : "memory");
}

EP_INLINE void ep_neon_requantize_tile(const ep_neon_panel *f, int32x4_t sums[][4], int32_t pixels,
                                       int32_t vectors, ep_neon_rounding rounding) {
    EP_UNROLLED for (int32_t v = 0; v < vectors; v++) {
        const int32x4_t mantissa = vld1q_s32(f->stage + EP_NEON_WIDTH + 4 * v);
        const int32x4_t shift = vld1q_s32(f->stage + 2 * EP_NEON_WIDTH + 4 * v);
        EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
            sums[i][v] = ep_neon_requantize(sums[i][v], mantissa, shift, rounding);
        }
    }
}

/* From the sums of a tile to its outputs. */
EP_INLINE void ep_neon_finish_tile(const ep_neon_panels *p, const ep_neon_panel *f,
                                   int32x4_t sums[][4], int32_t pixels, int32_t vectors,
                                   int8_t *output) {
    const ep_neon_bounds bounds = ep_neon_bounds_of(&p->output);
    const int32_t channels = p->channels, some = f->channels;
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        EP_UNROLLED for (int32_t v = vectors; v < 4; v++) {
            sums[i][v] = vdupq_n_s32(0);
        }
    }
    if (p->output.rounding == EP_NEON_RELU) {
        ep_neon_requantize_tile(f, sums, pixels, vectors, EP_NEON_RELU);
    } else if (p->output.rounding == EP_NEON_RIGHT) {
        ep_neon_requantize_tile(f, sums, pixels, vectors, EP_NEON_RIGHT);
    } else {
        ep_neon_requantize_tile(f, sums, pixels, vectors, EP_NEON_ANY);
    }
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        ep_neon_store(output, ep_neon_narrow(sums[i], bounds), some);
        output += channels;
    }
}

/* A function for a panel and a band of pixels: tiles, the last over what is done already, or
 * single pixels where there are too few. */
#define EP_NEON_PANEL_FUNCTION(name, attribute, tile, size, ...)                                   \
    attribute static void name(const ep_neon_panels *p, const ep_neon_panel *f,                    \
                               const int8_t *const *pixels, int32_t count, int8_t *output) {       \
        int32_t first = 0;                                                                         \
        while (count >= size && first < count) {                                                   \
            first = first + size > count ? count - size : first;                                   \
            tile(p, f, pixels + first, size, __VA_ARGS__,                                          \
                 output + (ptrdiff_t)first * p->channels);                                         \
            first += size;                                                                         \
        }                                                                                          \
        for (; first < count; first++) {                                                           \
            tile(p, f, pixels + first, 1, __VA_ARGS__, output + (ptrdiff_t)first * p->channels);   \
        }                                                                                          \
    }

#endif
