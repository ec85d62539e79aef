#include "ep_neon_plain_s8.h"

#include "ep_neon_tile_s8.h"

#define PAIR 2 /* pixels of a tile */

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
    ep_neon_load_step(w, weights, vectors);
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
    ep_neon_load_step(w, weights, vectors);
    ep_neon_load_step(next_w, weights, vectors);
    EP_UNROLLED for (int32_t i = 0; i < pixels; i++) {
        const int8x16_t a = next_word(&at[i]), b = next_word(&at[i]);
        EP_UNROLLED for (int32_t v = 0; v < vectors; v += 2) {
            two_steps(&sums[i][v], &sums[i][v + 1], w + v, a, next_w + v, b);
        }
    }
}

EP_INLINE void plain_tile(const ep_neon_panels *p, const ep_neon_panel *f,
                          const int8_t *const *from, int32_t pixels, int32_t vectors,
                          int32_t paired, int8_t *output) {
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
    ep_neon_finish_tile(p, f, totals, pixels, vectors, output);
}

EP_NEON_PANEL_FUNCTION(whole, , plain_tile, PAIR, 4, 1)
EP_NEON_PANEL_FUNCTION(half, , plain_tile, PAIR, 2, 1)
EP_NEON_PANEL_FUNCTION(careful_whole, , plain_tile, PAIR, 4, 0)
EP_NEON_PANEL_FUNCTION(careful_half, , plain_tile, PAIR, 2, 0)

void ep_neon_plain_panel(const ep_neon_panels *p, const ep_neon_panel *f,
                         const int8_t *const *pixels, int32_t count, int8_t *output) {
    if (f->channels > EP_NEON_WIDTH / 2) {
        (p->paired ? whole : careful_whole)(p, f, pixels, count, output);
    } else {
        (p->paired ? half : careful_half)(p, f, pixels, count, output);
    }
}
