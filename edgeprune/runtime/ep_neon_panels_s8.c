#include "ep_neon_panels_s8.h"

#include <string.h>

#define WIDTH 16
#define MOST_PIXELS EP_NEON_TILE
#define PAIR 2 /* pixels of a tile without SDOT */

/* One panel: its weights and factors, and how many of its filters there are. */
typedef struct {
    const int8_t *weights;
    const int32_t *stage;
    int32_t channels;
} panel;

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

/* The four vectors of a step, or two of a half panel.  The pointer is hidden from the compiler,
 * which otherwise computes several ahead. */
EP_INLINE void load_step(int8x16_t w[4], const int8_t **weights, int32_t vectors) {
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

EP_INLINE void requantize_all(const panel *f, int32x4_t sums[][4], int32_t pixels, int32_t vectors,
                              ep_neon_rounding rounding) {
    EP_UNROLLED for (int32_t v = 0; v < vectors; v++) {
        const int32x4_t mantissa = vld1q_s32(f->stage + WIDTH + 4 * v);
        const int32x4_t shift = vld1q_s32(f->stage + 2 * WIDTH + 4 * v);
        EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
            sums[i][v] = ep_neon_requantize(sums[i][v], mantissa, shift, rounding);
        }
    }
}

/* From the sums of a tile to its outputs. */
EP_INLINE void finish(const ep_neon_panels *p, const panel *f, int32x4_t sums[][4], int32_t pixels,
                      int32_t vectors, int8_t *output) {
    const ep_neon_bounds bounds = ep_neon_bounds_of(&p->output);
    const int32_t channels = p->channels, some = f->channels;
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        EP_UNROLLED for (int32_t v = vectors; v < 4; v++) {
            sums[i][v] = vdupq_n_s32(0);
        }
    }
    if (p->output.rounding == EP_NEON_RELU) {
        requantize_all(f, sums, pixels, vectors, EP_NEON_RELU);
    } else if (p->output.rounding == EP_NEON_RIGHT) {
        requantize_all(f, sums, pixels, vectors, EP_NEON_RIGHT);
    } else {
        requantize_all(f, sums, pixels, vectors, EP_NEON_ANY);
    }
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        ep_neon_store(output, ep_neon_narrow(sums[i], bounds), some);
        output += channels;
    }
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
        load_step(w, &weights, vectors);                                                           \
        EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {                                         \
            if (vectors == 4) {                                                                    \
                DOT_FOUR(sums[i], w, words[i], lane);                                              \
            } else {                                                                               \
                DOT_TWO(sums[i], w, words[i], lane);                                               \
            }                                                                                      \
        }                                                                                          \
    } while (0)

EP_USES_DOT_PRODUCTS EP_INLINE void dot_tile(const ep_neon_panels *p, const panel *f,
                                             const int8_t *const *from, int32_t pixels,
                                             int32_t vectors, int8_t *output) {
    const int8_t *weights = f->weights;
    int32x4_t sums[MOST_PIXELS][4];
    int8x16_t words[MOST_PIXELS];
    const int8_t *pixel[MOST_PIXELS];
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
    finish(p, f, sums, pixels, vectors, output);
}

/* Per four filters two vectors of sums, each filter's in two halves that are added at the end. */
typedef struct {
    int32x4_t low, high;
} halves;

/* The next word, four times. */
EP_INLINE int8x16_t next_word(const int8_t **from) {
    int8x16_t words;
    __asm__ volatile("ld1r {%0.4s}, [%1], #4" : "=w"(words), "+r"(*from) : : "memory");
    return words;
}

/* A word times a step of eight filters. */
EP_INLINE void one_step(halves *first, halves *second, int8x16_t w0, int8x16_t w1, int8x16_t a) {
    int16x8_t t0, t1, t2, t3;
    __asm__ volatile("smull %4.8h, %8.8b, %10.8b\n\t"
                     "smull2 %5.8h, %8.16b, %10.16b\n\t"
                     "smull %6.8h, %9.8b, %10.8b\n\t"
                     "smull2 %7.8h, %9.16b, %10.16b\n\t"
                     "sadalp %0.4s, %4.8h\n\t"
                     "sadalp %1.4s, %5.8h\n\t"
                     "sadalp %2.4s, %6.8h\n\t"
                     "sadalp %3.4s, %7.8h"
                     : "+w"(first->low), "+w"(first->high), "+w"(second->low), "+w"(second->high),
                       "=&w"(t0), "=&w"(t1), "=&w"(t2), "=&w"(t3)
                     : "w"(w0), "w"(w1), "w"(a)
                     : "memory");
}

/* Two words times two steps of eight filters. */
EP_INLINE void two_steps(halves *first, halves *second, const int8x16_t w[2], int8x16_t a,
                         const int8x16_t next_w[2], int8x16_t b) {
    int16x8_t t0, t1, t2, t3;
    __asm__ volatile("smull %4.8h, %8.8b, %12.8b\n\t"
                     "smull2 %5.8h, %8.16b, %12.16b\n\t"
                     "smull %6.8h, %9.8b, %12.8b\n\t"
                     "smull2 %7.8h, %9.16b, %12.16b\n\t"
                     "smlal %4.8h, %10.8b, %13.8b\n\t"
                     "smlal2 %5.8h, %10.16b, %13.16b\n\t"
                     "smlal %6.8h, %11.8b, %13.8b\n\t"
                     "smlal2 %7.8h, %11.16b, %13.16b\n\t"
                     "sadalp %0.4s, %4.8h\n\t"
                     "sadalp %1.4s, %5.8h\n\t"
                     "sadalp %2.4s, %6.8h\n\t"
                     "sadalp %3.4s, %7.8h"
                     : "+w"(first->low), "+w"(first->high), "+w"(second->low), "+w"(second->high),
                       "=&w"(t0), "=&w"(t1), "=&w"(t2), "=&w"(t3)
                     : "w"(w[0]), "w"(w[1]), "w"(next_w[0]), "w"(next_w[1]), "w"(a), "w"(b)
                     : "memory");
}

EP_INLINE void step(halves sums[][4], const int8_t **weights, const int8_t **at, int32_t pixels,
                    int32_t vectors) {
    int8x16_t w[4];
    load_step(w, weights, vectors);
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        const int8x16_t a = next_word(&at[i]);
        EP_UNROLLED for (int32_t v = 0; v < vectors; v += 2) {
            one_step(&sums[i][v], &sums[i][v + 1], w[v], w[v + 1], a);
        }
    }
}

EP_INLINE void step_pair(halves sums[][4], const int8_t **weights, const int8_t **at,
                         int32_t pixels, int32_t vectors) {
    int8x16_t w[4], next_w[4];
    load_step(w, weights, vectors);
    load_step(next_w, weights, vectors);
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        const int8x16_t a = next_word(&at[i]), b = next_word(&at[i]);
        EP_UNROLLED for (int32_t v = 0; v < vectors; v += 2) {
            two_steps(&sums[i][v], &sums[i][v + 1], w + v, a, next_w + v, b);
        }
    }
}

EP_INLINE void plain_tile(const ep_neon_panels *p, const panel *f, const int8_t *const *from,
                          int32_t pixels, int32_t vectors, int32_t paired, int8_t *output) {
    const int8_t *weights = f->weights;
    halves sums[PAIR][4];
    int32x4_t totals[PAIR][4];
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        EP_UNROLLED for (int32_t v = 0; v < vectors; v++) {
            sums[i][v].low = sums[i][v].high = vdupq_n_s32(0);
        }
    }
    for (int32_t s = 0; s < p->stretches; s++) {
        const int8_t *at[PAIR];
        int32_t left = p->steps;
        EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
            at[i] = from[i] + p->offsets[s];
        }
        for (; paired && left >= 2; left -= 2) {
            step_pair(sums, &weights, at, pixels, vectors);
        }
        for (; left >= 1; left--) {
            step(sums, &weights, at, pixels, vectors);
        }
    }
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        EP_UNROLLED for (int32_t v = 0; v < vectors; v++) {
            totals[i][v] =
                vaddq_s32(vpaddq_s32(sums[i][v].low, sums[i][v].high), vld1q_s32(f->stage + 4 * v));
        }
    }
    finish(p, f, totals, pixels, vectors, output);
}

/* A function for a panel and a band of pixels: tiles, the last over what is done already, or
 * single pixels where there are too few. */
#define PANEL_FUNCTION(name, attribute, tile, size, ...)                                           \
    attribute static void name(const ep_neon_panels *p, const panel *f,                            \
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

PANEL_FUNCTION(dot_whole, EP_USES_DOT_PRODUCTS, dot_tile, EP_NEON_TILE, 4)
PANEL_FUNCTION(dot_half, EP_USES_DOT_PRODUCTS, dot_tile, EP_NEON_TILE, 2)
PANEL_FUNCTION(plain_whole, , plain_tile, PAIR, 4, 1)
PANEL_FUNCTION(plain_half, , plain_tile, PAIR, 2, 1)
PANEL_FUNCTION(careful_whole, , plain_tile, PAIR, 4, 0)
PANEL_FUNCTION(careful_half, , plain_tile, PAIR, 2, 0)

void ep_neon_multiply(const ep_neon_panels *p, const int8_t *const *pixels, int32_t count,
                      int8_t *output) {
    const int dots = ep_neon_has_dot_products();
    panel f = {p->weights, p->stage, 0};
    for (int32_t channel = 0; channel < p->channels; channel += WIDTH) {
        const int32_t left = p->channels - channel;
        f.channels = left < WIDTH ? left : WIDTH;
        if (left > WIDTH / 2) {
            (dots        ? dot_whole
             : p->paired ? plain_whole
                         : careful_whole)(p, &f, pixels, count, output + channel);
        } else {
            (dots        ? dot_half
             : p->paired ? plain_half
                         : careful_half)(p, &f, pixels, count, output + channel);
        }
        f.weights += (ptrdiff_t)p->stretches * p->steps * 4 * WIDTH;
        f.stage += 3 * WIDTH;
    }
}
