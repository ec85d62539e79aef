#include "ep_transpose_conv_s8.h"
#include "ep_transposed_taps.h"

static int32_t dot(const int8_t *values, const int8_t *weights, int32_t count, int32_t zero_point) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (values[i] - zero_point) * weights[i];
    }
    return sum;
}

/* One output value; `filter` holds its channel's weights. */
static int32_t gather(const ep_transpose_conv_s8_params *p, const int8_t *image,
                      const int8_t *filter, const ep_transposed_taps *down,
                      const ep_transposed_taps *across) {
    const ep_window *w = &p->window;
    int32_t sum = 0;
    for (int32_t i = 0; i < down->count; i++) {
        const ptrdiff_t row = (ptrdiff_t)(down->place - i) * w->out_w + across->place;
        const ptrdiff_t taps = (ptrdiff_t)(down->tap + i * w->stride_h) * w->filter_w + across->tap;
        const int8_t *pixel = image + row * w->out_c;
        const int8_t *tap = filter + taps * w->out_c;
        for (int32_t k = 0; k < across->count; k++) {
            sum += dot(pixel, tap, w->out_c, p->input_zero_point);
            pixel -= w->out_c;
            tap += (ptrdiff_t)w->stride_w * w->out_c;
        }
    }
    return sum;
}

void ep_transpose_conv_s8(const ep_transpose_conv_s8_params *p, const int8_t *input, int8_t *output,
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
                const int32_t sum = gather(p, input, p->weights + c * filter_size, &down, &across);
                *output++ = ep_finish(&p->stage, c, p->stage.bias[c] + sum);
            }
        }
        input += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
