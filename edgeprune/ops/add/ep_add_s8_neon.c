#include "ep_add_s8_neon.h"

#include "ep_neon_rows_s8.h"

typedef struct {
    int32x4_t factor[2];
    int32x4_t offset;
    int8x16_t low, high;
} state;

/* The shares of four values, which come shifted left by 8, in the sum. */
EP_INLINE int32x4_t add_shares(const state *s, int16x4_t x, int16x4_t y) {
    const int32x4_t first = vqdmulhq_s32(vshll_n_s16(x, 15), s->factor[0]);
    const int32x4_t second = vqdmulhq_s32(vshll_n_s16(y, 15), s->factor[1]);
    return vaddq_s32(vaddq_s32(first, second), s->offset);
}

/* Eight sums divided by 2^20: the upper halves, divided by 16. */
EP_INLINE int8x8_t narrow(int32x4_t a, int32x4_t b) {
    const int16x8_t upper = vuzp2q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
    return vqshrn_n_s16(upper, 4);
}

EP_INLINE int8x8_t eight(const state *s, int16x8_t x, int16x8_t y) {
    return narrow(add_shares(s, vget_low_s16(x), vget_low_s16(y)),
                  add_shares(s, vget_high_s16(x), vget_high_s16(y)));
}

EP_INLINE int8x16_t sixteen(const void *p, int8x16_t x, int8x16_t y) {
    const state *s = p;
    const int8x8_t low = eight(s, vshll_n_s8(vget_low_s8(x), 8), vshll_n_s8(vget_low_s8(y), 8));
    const int8x8_t high = eight(s, vshll_high_n_s8(x, 8), vshll_high_n_s8(y, 8));
    return vminq_s8(vmaxq_s8(vcombine_s8(low, high), s->low), s->high);
}

void ep_add_s8_neon(const ep_add_s8_neon_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output, void *scratch) {
    const ep_affine *a = &p->affine;
    const state s = {{vdupq_n_s32(a->factor[0]), vdupq_n_s32(a->factor[1])},
                     vdupq_n_s32(a->offset),
                     vreinterpretq_s8_u32(vdupq_n_u32(a->low)),
                     vreinterpretq_s8_u32(vdupq_n_u32(a->high))};
    (void)scratch;
    ep_neon_rows(sixteen, &s, &p->broadcast, first, second, output);
}
