#include "ep_average_pool_2d_s8_neon.h"

#include "ep_neon_sum_s8.h"
#include "ep_taps.h"

#define LANES 16

/* Four sums divided by the number of taps, half away from zero. */
EP_INLINE int32x4_t divided(int32x4_t sum, int32x4_t half, float32x4_t taps) {
    const int32x4_t sign = vshrq_n_s32(sum, 31);
    const int32x4_t away = vsubq_s32(veorq_s32(half, sign), sign);
    return vcvtq_s32_f32(vdivq_f32(vcvtq_f32_s32(vaddq_s32(sum, away)), taps));
}

EP_INLINE int16x8_t divided_eight(int16x8_t sum, int32x4_t half, float32x4_t taps) {
    const int32x4_t low = divided(vmovl_s16(vget_low_s16(sum)), half, taps);
    return vmovn_high_s32(vmovn_s32(low), divided(vmovl_high_s16(sum), half, taps));
}

/* Sixteen channels of the output whose window has `rows` and `columns` inside the image. */
static int8x16_t average(const ep_window *w, const int8_t *corner, int32_t rows, int32_t columns) {
    const int32x4_t half = vdupq_n_s32(rows * columns / 2);
    const float32x4_t taps = vdupq_n_f32((float)(rows * columns));
    ep_neon_sum sum = ep_neon_no_sum();
    for (int32_t y = 0; y < rows; y++) {
        sum = ep_neon_add_taps(sum, corner, columns, w->in_c);
        corner += (ptrdiff_t)w->in_w * w->in_c;
    }
    return vqmovn_high_s16(vqmovn_s16(divided_eight(sum.low, half, taps)),
                           divided_eight(sum.high, half, taps));
}

static void pool_image(const ep_average_pool_2d_s8_neon_params *p, const int8_t *image,
                       int8_t *output) {
    const ep_window *w = &p->window;
    const int8x16_t low = vdupq_n_s8((int8_t)p->low), high = vdupq_n_s8((int8_t)p->high);
    for (int32_t y = 0; y < w->out_h; y++) {
        const ep_taps rows =
            ep_taps_inside(y * w->stride_h - w->pad_top, w->in_h, w->filter_h, w->dilation_h);
        for (int32_t x = 0; x < w->out_w; x++) {
            const ep_taps columns =
                ep_taps_inside(x * w->stride_w - w->pad_left, w->in_w, w->filter_w, w->dilation_w);
            const int8_t *corner =
                image + ((ptrdiff_t)rows.first * w->in_w + columns.first) * w->in_c;
            for (int32_t done = 0; done < w->out_c; done += LANES) {
                const int32_t c = done + LANES > w->out_c ? w->out_c - LANES : done;
                const int8x16_t value =
                    average(w, corner + c, rows.end - rows.begin, columns.end - columns.begin);
                vst1q_s8(output + c, vminq_s8(vmaxq_s8(value, low), high));
            }
            output += w->out_c;
        }
    }
}

void ep_average_pool_2d_s8_neon(const ep_average_pool_2d_s8_neon_params *p, const int8_t *input,
                                int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        pool_image(p, input, output);
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
        output += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
