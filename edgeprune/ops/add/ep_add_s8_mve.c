#include "ep_add_s8_mve.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include <arm_mve.h>

static inline int32x4_t share(int32x4_t top, int32x4_t mask, int32x4_t factor) {
    return vmulhq_s32(vandq_s32(top, mask), factor);
}

/* VQSHRN would shift and narrow at once, but the assembler of GNU binutils 2.40 makes the rounding
 * VQRSHRN of it. */
static inline int32x4_t rescaled(const ep_affine *a, int32x4_t sum) {
    return vshrq_n_s32(vaddq_n_s32(sum, a->offset), 20);
}

void ep_add_s8_mve(const ep_add_s8_mve_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch) {
    const ep_affine *a = &p->affine;
    const int32x4_t factor0 = vdupq_n_s32(a->factor[0]);
    const int32x4_t factor1 = vdupq_n_s32(a->factor[1]);
    const int32x4_t mask = vdupq_n_s32(-0x1000000);
    const int8x16_t low = vreinterpretq_s8_u32(vdupq_n_u32(a->low));
    const int8x16_t high = vreinterpretq_s8_u32(vdupq_n_u32(a->high));
    (void)scratch;
    for (int32_t left = p->count; left > 0; left -= 16) {
        const mve_pred16_t some = vctp8q((uint32_t)left);
        const int32x4_t x = vreinterpretq_s32_s8(vldrbq_z_s8(first, some));
        const int32x4_t y = vreinterpretq_s32_s8(vldrbq_z_s8(second, some));
        int32x4_t sum = vaddq_s32(vmulhq_s32(vshlq_n_s32(x, 24), factor0),
                                  vmulhq_s32(vshlq_n_s32(y, 24), factor1));
        int16x8_t even = vqmovnbq_s32(vuninitializedq_s16(), rescaled(a, sum));
        sum = vaddq_s32(share(vshlq_n_s32(x, 8), mask, factor0),
                        share(vshlq_n_s32(y, 8), mask, factor1));
        even = vqmovntq_s32(even, rescaled(a, sum));
        sum = vaddq_s32(share(vshlq_n_s32(x, 16), mask, factor0),
                        share(vshlq_n_s32(y, 16), mask, factor1));
        int16x8_t odd = vqmovnbq_s32(vuninitializedq_s16(), rescaled(a, sum));
        sum = vaddq_s32(share(x, mask, factor0), share(y, mask, factor1));
        odd = vqmovntq_s32(odd, rescaled(a, sum));
        int8x16_t result = vqmovnbq_s16(vuninitializedq_s8(), even);
        result = vqmovntq_s16(result, odd);
        vstrbq_p_s8(output, vminq_s8(vmaxq_s8(result, low), high), some);
        first += 16;
        second += 16;
        output += 16;
    }
}

#else

void ep_add_s8_mve(const ep_add_s8_mve_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch) {
    (void)scratch;
    ep_affine_pair_s8(&p->affine, first, second, output, p->count);
}

#endif
