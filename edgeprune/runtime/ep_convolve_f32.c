#include "ep_convolve_f32.h"

#include "ep_taps.h"

static float dot(const float *values, const float *weights, int32_t count, float sum) {
    for (int32_t i = 0; i < count; i++) {
        sum += values[i] * weights[i];
    }
    return sum;
}

/* One output value; `image` begins at the group's first channel. */
static float window_sum(const ep_convolve_f32_params *p, const float *image, const float *filter,
                        int32_t top, const ep_taps *across) {
    const ep_window *w = &p->window;
    const ep_taps down = ep_taps_inside(top, w->in_h, w->filter_h, w->dilation_h);
    const int whole_rows = w->dilation_w == 1 && p->group_c == w->in_c;
    const int32_t run = whole_rows ? (across->end - across->begin) * p->group_c : p->group_c;
    const int32_t runs = whole_rows ? 1 : across->end - across->begin;
    float sum = 0.0f;
    for (int32_t fy = down.begin; fy < down.end; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        const float *pixel = image + (ptrdiff_t)(y * w->in_w + across->first) * w->in_c;
        const float *tap = filter + (ptrdiff_t)(fy * w->filter_w + across->begin) * p->group_c;
        for (int32_t i = 0; i < runs; i++) {
            sum = dot(pixel, tap, run, sum);
            pixel += (ptrdiff_t)w->dilation_w * w->in_c;
            tap += p->group_c;
        }
    }
    return sum;
}

void ep_convolve_f32(const ep_convolve_f32_params *p, const float *input, float *output,
                     void *scratch) {
    const ep_window *w = &p->window;
    const ptrdiff_t filter_size = (ptrdiff_t)w->filter_h * w->filter_w * p->group_c;
    const int32_t group_out = w->out_c / (w->in_c / p->group_c);
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t pixel = 0; pixel < w->out_h * w->out_w; pixel++) {
            const int32_t top = pixel / w->out_w * w->stride_h - w->pad_top;
            const int32_t left = pixel % w->out_w * w->stride_w - w->pad_left;
            const ep_taps across = ep_taps_inside(left, w->in_w, w->filter_w, w->dilation_w);
            for (int32_t c = 0; c < w->out_c; c++) {
                const float *image = input + (ptrdiff_t)(c / group_out) * p->group_c;
                const float sum = window_sum(p, image, p->weights + c * filter_size, top, &across);
                *output++ = ep_limit(sum + p->bias[c], p->low, p->high);
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
