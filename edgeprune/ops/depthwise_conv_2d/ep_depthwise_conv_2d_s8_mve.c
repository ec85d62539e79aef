#include "ep_depthwise_conv_2d_s8_mve.h"

#include <string.h>

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include <arm_mve.h>

static inline int32x4_t scaled(const ep_depthwise_conv_2d_s8_mve_params *p, int32x4_t sum,
                               const int32_t *stage) {
    int32x4_t value = vqrdmulhq_s32(sum, vldrwq_s32(stage + 16));
    if (p->ties) {
        value = vaddq_s32(value, vshrq_n_s32(value, 31));
    }
    return vrshlq_s32(value, vldrwq_s32(stage + 32));
}

static inline int16x8_t narrowed(const ep_depthwise_conv_2d_s8_mve_params *p, int32x4_t bottom,
                                 int32x4_t top) {
    const int16x8_t half = vqmovnbq_s32(vuninitializedq_s16(), bottom);
    return vqaddq_n_s16(vqmovntq_s32(half, top), (int16_t)p->zero_point);
}

static void pixel(const ep_depthwise_conv_2d_s8_mve_params *p, const int8_t *const *taps,
                  int8_t *output) {
    const int8_t *weights = p->weights;
    const int32_t *stage = p->stage;
    for (int32_t channel = 0; channel < p->window.out_c; channel += 16) {
        const mve_pred16_t some = vctp8q((uint32_t)(p->window.out_c - channel));
        int32x4_t sum0 = vldrwq_s32(stage);
        int32x4_t sum2 = vldrwq_s32(stage + 4);
        int32x4_t sum1 = vldrwq_s32(stage + 8);
        int32x4_t sum3 = vldrwq_s32(stage + 12);
        for (int32_t i = 0; i < p->pairs; i++) {
            int8x16_t x = vldrbq_z_s8(taps[2 * i] + channel, some);
            int8x16_t w = vldrbq_s8(weights);
            int16x8_t even = vmullbq_int_s8(x, w);
            int16x8_t odd = vmulltq_int_s8(x, w);
            x = vldrbq_z_s8(taps[2 * i + 1] + channel, some);
            w = vldrbq_s8(weights + 16);
            even = vaddq_s16(even, vmullbq_int_s8(x, w));
            odd = vaddq_s16(odd, vmulltq_int_s8(x, w));
            sum0 = vaddq_s32(sum0, vmovlbq_s16(even));
            sum2 = vaddq_s32(sum2, vmovltq_s16(even));
            sum1 = vaddq_s32(sum1, vmovlbq_s16(odd));
            sum3 = vaddq_s32(sum3, vmovltq_s16(odd));
            weights += 32;
        }
        const int16x8_t even = narrowed(p, scaled(p, sum0, stage), scaled(p, sum2, stage + 4));
        const int16x8_t odd = narrowed(p, scaled(p, sum1, stage + 8), scaled(p, sum3, stage + 12));
        int8x16_t result = vqmovntq_s16(vqmovnbq_s16(vuninitializedq_s8(), even), odd);
        result = vmaxq_s8(result, vdupq_n_s8((int8_t)p->low));
        result = vminq_s8(result, vdupq_n_s8((int8_t)p->high));
        vstrbq_p_s8(output + channel, result, some);
        stage += 48;
    }
}

#else

/* Where the sum of a channel lies among those of its sixteen. */
static int32_t place_of(int32_t lane) {
    static const int8_t first[4] = {0, 8, 4, 12};
    return first[lane % 4] + lane / 4;
}

static void pixel(const ep_depthwise_conv_2d_s8_mve_params *p, const int8_t *const *taps,
                  int8_t *output) {
    for (int32_t channel = 0; channel < p->window.out_c; channel++) {
        const int32_t lane = channel % 16;
        const int8_t *weights = p->weights + (ptrdiff_t)(channel / 16) * p->pairs * 32 + lane;
        const int32_t *stage = p->stage + (ptrdiff_t)(channel / 16) * 48 + place_of(lane);
        int32_t sum = stage[0];
        for (int32_t i = 0; i < 2 * p->pairs; i++) {
            sum += taps[i][channel] * weights[16 * i];
        }
        int32_t value = ep_high_mul(sum, stage[16]);
        value += p->ties && value < 0 ? -1 : 0;
        value = (value + ((int32_t)1 << (-stage[32] - 1))) >> -stage[32];
        output[channel] = (int8_t)ep_clamp(value + p->zero_point, p->low, p->high);
    }
}

#endif

static void find_taps(const ep_window *w, const int8_t *image, const ep_place *at,
                      const int8_t *border, const int8_t **tap) {
    const ptrdiff_t step = (ptrdiff_t)w->dilation_w * w->in_c;
    int32_t y = at->top;
    for (int32_t fy = 0; fy < w->filter_h; fy++, y += w->dilation_h) {
        const int8_t *pixel = image + (ptrdiff_t)(y * w->in_w + at->left) * w->in_c;
        const uint32_t width = y >= 0 && y < w->in_h ? (uint32_t)w->in_w : 0;
        int32_t x = at->left;
        for (int32_t fx = 0; fx < w->filter_w; fx++, x += w->dilation_w, pixel += step) {
            *tap++ = (uint32_t)x < width ? pixel : border;
        }
    }
}

void ep_depthwise_conv_2d_s8_mve(const ep_depthwise_conv_2d_s8_mve_params *p, const int8_t *input,
                                 int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const int8_t **taps = scratch;
    int8_t *border = (int8_t *)(taps + 2 * (ptrdiff_t)p->pairs);
    memset(border, (int)p->input_zero_point, (size_t)w->in_c);
    taps[2 * p->pairs - 1] = border;
    for (int32_t b = 0; b < w->batches; b++) {
        ep_place at = ep_first_place(w);
        for (int32_t left = w->out_h * w->out_w; left > 0; left--) {
            find_taps(w, input, &at, border, taps);
            pixel(p, taps, output);
            ep_next_place(w, &at);
            output += w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
