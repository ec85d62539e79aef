#include "ep_conv_2d_s8.h"

/* Sum over the filter window of one output value; taps outside the input count as zero. */
static int32_t window_sum(const ep_conv_2d_s8_params *p, const int8_t *image, const int8_t *filter,
                          int32_t top, int32_t left, int32_t first_channel) {
    const ep_window *w = &p->window;
    int32_t sum = 0;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            const int32_t x = left + fx * w->dilation_w;
            if (y < 0 || y >= w->in_h || x < 0 || x >= w->in_w) {
                continue;
            }
            const int8_t *tap = filter + (ptrdiff_t)(fy * w->filter_w + fx) * p->group_c;
            const int8_t *pixel = image + (ptrdiff_t)(y * w->in_w + x) * w->in_c + first_channel;
            for (int32_t c = 0; c < p->group_c; c++) {
                sum += (pixel[c] - p->input_zero_point) * tap[c];
            }
        }
    }
    return sum;
}

void ep_conv_2d_s8(const ep_conv_2d_s8_params *p, const int8_t *input, int8_t *output,
                   void *scratch) {
    const ep_window *w = &p->window;
    const int32_t filter_size = w->filter_h * w->filter_w * p->group_c;
    const int32_t group_out = w->out_c / (w->in_c / p->group_c);
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t oy = 0; oy < w->out_h; oy++) {
            for (int32_t ox = 0; ox < w->out_w; ox++) {
                const int32_t top = oy * w->stride_h - w->pad_top;
                const int32_t left = ox * w->stride_w - w->pad_left;
                for (int32_t oc = 0; oc < w->out_c; oc++) {
                    const int8_t *filter = p->weights + (ptrdiff_t)oc * filter_size;
                    const int32_t group = oc / group_out;
                    int32_t sum = p->stage.bias[oc];
                    sum += window_sum(p, input, filter, top, left, group * p->group_c);
                    *output++ = ep_finish(&p->stage, oc, sum);
                }
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
