#include "ep_transpose_conv_f32.h"
#include "ep_transposed_taps.h"

static float dot(const float *values, const float *weights, int32_t count) {
    float sum = 0.0f;
    for (int32_t i = 0; i < count; i++) {
        sum += values[i] * weights[i];
    }
    return sum;
}

/* One output value; `filter` holds its channel's weights. */
static float gather(const ep_transpose_conv_f32_params *p, const float *image, const float *filter,
                    const ep_transposed_taps *down, const ep_transposed_taps *across) {
    const ep_window *w = &p->window;
    float sum = 0.0f;
    for (int32_t i = 0; i < down->count; i++) {
        const ptrdiff_t row = (ptrdiff_t)(down->place - i) * w->out_w + across->place;
        const ptrdiff_t taps = (ptrdiff_t)(down->tap + i * w->stride_h) * w->filter_w + across->tap;
        const float *pixel = image + row * w->out_c;
        const float *tap = filter + taps * w->out_c;
        for (int32_t k = 0; k < across->count; k++) {
            sum += dot(pixel, tap, w->out_c);
            pixel -= w->out_c;
            tap += (ptrdiff_t)w->stride_w * w->out_c;
        }
    }
    return sum;
}

void ep_transpose_conv_f32(const ep_transpose_conv_f32_params *p, const float *input, float *output,
                           void *scratch) {
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
                const float sum = gather(p, input, p->weights + c * filter_size, &down, &across);
                *output++ = ep_limit(sum + p->bias[c], p->low, p->high);
            }
        }
        input += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
