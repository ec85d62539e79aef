#include "ep_average_pool_2d_s8_neon.h"

#include "ep_neon_pool_s8.h"
#include "ep_neon_sum_s8.h"

/* Eight sums divided by the number of taps, half away from zero. */
EP_INLINE int16x8_t divided(int16x8_t sum, float32x4_t taps) {
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(sum)));
    const float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(sum));
    const int16x4_t narrow = vmovn_s32(vcvtaq_s32_f32(vdivq_f32(low, taps)));
    return vmovn_high_s32(narrow, vcvtaq_s32_f32(vdivq_f32(high, taps)));
}

EP_INLINE int8x16_t average(const int8_t *corner, ep_neon_taps taps) {
    const float32x4_t count = vdupq_n_f32((float)(taps.rows * taps.columns));
    ep_neon_sum sum = ep_neon_no_sum();
    for (int32_t y = 0; y < taps.rows; y++) {
        sum = ep_neon_add_taps(sum, corner, taps.columns, taps.step);
        corner += taps.line;
    }
    return vmovn_high_s16(vmovn_s16(divided(sum.low, count)), divided(sum.high, count));
}

void ep_average_pool_2d_s8_neon(const ep_average_pool_2d_s8_neon_params *p, const int8_t *input,
                                int8_t *output, void *scratch) {
    (void)scratch;
    ep_neon_pool_all(average, &p->window, p->low, p->high, input, output);
}
