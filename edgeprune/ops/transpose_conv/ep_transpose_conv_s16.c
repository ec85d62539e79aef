#include "ep_transpose_conv_s16.h"
#include "ep_transposed_taps.h"

static int64_t dot(const int16_t *values, const int8_t *weights, int32_t count) {
    int64_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (int32_t)values[i] * weights[i];
    }
    return sum;
}

/* One output value; `filter` holds its channel's weights. */
static int64_t gather(const ep_transpose_conv_s16_params *p, const int16_t *image,
                      const int8_t *filter, const ep_transposed_taps *down,
                      const ep_transposed_taps *across) {
    const ep_window *w = &p->window;
    int64_t sum = 0;
    for (int32_t i = 0; i < down->count; i++) {
        const ptrdiff_t row = (ptrdiff_t)(down->place - i) * w->out_w + across->place;
        const ptrdiff_t taps = (ptrdiff_t)(down->tap + i * w->stride_h) * w->filter_w + across->tap;
        const int16_t *pixel = image + row * w->out_c;
        const int8_t *tap = filter + taps * w->out_c;
        for (int32_t k = 0; k < across->count; k++) {
            sum += dot(pixel, tap, w->out_c);
            pixel -= w->out_c;
            tap += (ptrdiff_t)w->stride_w * w->out_c;
        }
    }
    return sum;
}

/* The reference's rescaling of 64-bit sums: one rounding, ties up. */
static int16_t finish(const ep_transpose_conv_s16_params *p, int32_t channel, int64_t sum) {
    const int32_t shift = p->shift[channel];
    const int64_t product = sum * p->multiplier[channel] + ((int64_t)1 << (shift - 1));
    return (int16_t)ep_clamp((int32_t)(product >> shift), p->low, p->high);
}

void ep_transpose_conv_s16(const ep_transpose_conv_s16_params *p, const int16_t *input,
                           int16_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const ptrdiff_t filter_size = (ptrdiff_t)w->filter_h * w->filter_w * w->out_c;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t pixel = 0; pixel < w->in_h * w->in_w; pixel++) {
            const int32_t y = pixel / w->in_w;
            const int32_t x = pixel - y * w->in_w;
            const ep_transposed_taps down =
                ep_taps_reaching(y + w->pad_top, w->out_h, w->filter_h, w->stride_h);
            const ep_transposed_taps across =
                ep_taps_reaching(x + w->pad_left, w->out_w, w->filter_w, w->stride_w);
            for (int32_t c = 0; c < w->in_c; c++) {
                const int64_t sum = gather(p, input, p->weights + c * filter_size, &down, &across);
                *output++ = finish(p, c, p->bias[c] + sum);
            }
        }
        input += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
