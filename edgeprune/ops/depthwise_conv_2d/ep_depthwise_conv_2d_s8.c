#include "ep_depthwise_conv_2d_s8.h"

static int32_t window_sum(const ep_depthwise_conv_2d_s8_params *p, const int8_t *image, int32_t top,
                          int32_t left, int32_t channel) {
    const ep_window *w = &p->window;
    const int32_t in_channel = channel / p->multiplier;
    int32_t sum = 0;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            const int32_t x = left + fx * w->dilation_w;
            if (y >= 0 && y < w->in_h && x >= 0 && x < w->in_w) {
                const int32_t value = image[(ptrdiff_t)(y * w->in_w + x) * w->in_c + in_channel];
                const int32_t tap = p->weights[(fy * w->filter_w + fx) * w->out_c + channel];
                sum += (value - p->input_zero_point) * tap;
            }
        }
    }
    return sum;
}

void ep_depthwise_conv_2d_s8(const ep_depthwise_conv_2d_s8_params *p, const int8_t *input,
                             int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t oy = 0; oy < w->out_h; oy++) {
            for (int32_t ox = 0; ox < w->out_w; ox++) {
                const int32_t top = oy * w->stride_h - w->pad_top;
                const int32_t left = ox * w->stride_w - w->pad_left;
                for (int32_t c = 0; c < w->out_c; c++) {
                    const int32_t sum = p->stage.bias[c] + window_sum(p, input, top, left, c);
                    *output++ = ep_finish(&p->stage, c, sum);
                }
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
