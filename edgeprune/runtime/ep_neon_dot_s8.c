#include "ep_neon_dot_s8.h"

#include "ep_neon_tile_s8.h"

EP_INLINE int8x16_t load_words(const int8_t *from, int32_t words) {
    if (words >= 4) {
        return vld1q_s8(from);
    }
    if (words >= 2) {
        return vcombine_s8(vld1_s8(from), vdup_n_s8(0));
    }
    int32_t word;
    memcpy(&word, from, sizeof word);
    return vreinterpretq_s8_s32(vdupq_n_s32(word));
}

/* Products of a pixel's word with a step of the weights.  In assembly, for the order of loads and
 * products: as the compiler orders them, they take more registers than there are. */
#define DOT_FOUR(sum, w, words, lane)                                                              \
    __asm__ volatile("sdot %0.4s, %4.16b, %8.4b[" lane "]\n\t"                                     \
                     "sdot %1.4s, %5.16b, %8.4b[" lane "]\n\t"                                     \
                     "sdot %2.4s, %6.16b, %8.4b[" lane "]\n\t"                                     \
                     "sdot %3.4s, %7.16b, %8.4b[" lane "]"                                         \
                     : "+w"((sum)[0]), "+w"((sum)[1]), "+w"((sum)[2]), "+w"((sum)[3])              \
                     : "w"((w)[0]), "w"((w)[1]), "w"((w)[2]), "w"((w)[3]), "w"(words)              \
                     : "memory")
#define DOT_TWO(sum, w, words, lane)                                                               \
    __asm__ volatile("sdot %0.4s, %2.16b, %4.4b[" lane "]\n\t"                                     \
                     "sdot %1.4s, %3.16b, %4.4b[" lane "]"                                         \
                     : "+w"((sum)[0]), "+w"((sum)[1])                                              \
                     : "w"((w)[0]), "w"((w)[1]), "w"(words)                                        \
                     : "memory")

/* One step of all pixels; `lane` says which word of theirs. */
#define DOT_STEP(lane)                                                                             \
    do {                                                                                           \
        int8x16_t w[4];                                                                            \
        ep_neon_load_step(w, &weights, vectors);                                                   \
        EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {                                         \
            if (vectors == 4) {                                                                    \
                DOT_FOUR(sums[i], w, words[i], lane);                                              \
            } else {                                                                               \
                DOT_TWO(sums[i], w, words[i], lane);                                               \
            }                                                                                      \
        }                                                                                          \
    } while (0)

EP_USES_DOT_PRODUCTS EP_INLINE void dot_tile(const ep_neon_panels *p, const ep_neon_panel *f,
                                             const int8_t *const *from, int32_t pixels,
                                             int32_t vectors, int8_t *output) {
    const int8_t *weights = f->weights;
    int32x4_t sums[EP_NEON_TILE][4];
    int8x16_t words[EP_NEON_TILE];
    const int8_t *pixel[EP_NEON_TILE];
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        EP_UNROLLED for (int32_t v = 0; v < vectors; v++) {
            sums[i][v] = vld1q_s32(f->stage + 4 * v);
        }
        pixel[i] = from[i];
    }
    for (int32_t s = 0; s < p->stretches; s++) {
        ptrdiff_t at = p->offsets[s];
        int32_t left = p->steps;
        for (; left >= 4; left -= 4) {
            EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
                words[i] = load_words(pixel[i] + at, 4);
            }
            DOT_STEP("0");
            DOT_STEP("1");
            DOT_STEP("2");
            DOT_STEP("3");
            at += 16;
            __asm__("" : "+r"(at)); /* one offset, not a pointer per pixel */
        }
        if (left & 2) {
            EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
                words[i] = load_words(pixel[i] + at, 2);
            }
            DOT_STEP("0");
            DOT_STEP("1");
            at += 8;
        }
        if (left & 1) {
            EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
                words[i] = load_words(pixel[i] + at, 1);
            }
            DOT_STEP("0");
        }
    }
    ep_neon_finish_tile(p, f, sums, pixels, vectors, output);
}

EP_NEON_PANEL_FUNCTION(whole, EP_USES_DOT_PRODUCTS, dot_tile, EP_NEON_TILE, 4)
EP_NEON_PANEL_FUNCTION(half, EP_USES_DOT_PRODUCTS, dot_tile, EP_NEON_TILE, 2)

void ep_neon_dot_panel(const ep_neon_panels *p, const ep_neon_panel *f, const int8_t *const *pixels,
                       int32_t count, int8_t *output) {
    (f->channels > EP_NEON_WIDTH / 2 ? whole : half)(p, f, pixels, count, output);
}
