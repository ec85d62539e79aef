#include "ep_convolve_s16.h"

#include "ep_taps.h"

static int64_t dot(const int16_t *values, const int8_t *weights, int32_t count, int64_t sum) {
    for (int32_t i = 0; i < count; i++) {
        sum += (int32_t)values[i] * weights[i];
    }
    return sum;
}

/* One output value; `image` begins at the group's first channel. */
static int64_t window_sum(const ep_convolve_s16_params *p, const int16_t *image,
                          const int8_t *filter, int32_t top, const ep_taps *across) {
    const ep_window *w = &p->window;
    const ep_taps down = ep_taps_inside(top, w->in_h, w->filter_h, w->dilation_h);
    const int whole_rows = w->dilation_w == 1 && p->group_c == w->in_c;
    const int32_t run = whole_rows ? (across->end - across->begin) * p->group_c : p->group_c;
    const int32_t runs = whole_rows ? 1 : across->end - across->begin;
    int64_t sum = 0;
    for (int32_t fy = down.begin; fy < down.end; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        const int16_t *pixel = image + (ptrdiff_t)(y * w->in_w + across->first) * w->in_c;
        const int8_t *tap = filter + (ptrdiff_t)(fy * w->filter_w + across->begin) * p->group_c;
        for (int32_t i = 0; i < runs; i++) {
            sum = dot(pixel, tap, run, sum);
            pixel += (ptrdiff_t)w->dilation_w * w->in_c;
            tap += p->group_c;
        }
    }
    return sum;
}

/* The reference's rescaling of 64-bit sums: one rounding, ties up. */
static int16_t finish(const ep_convolve_s16_params *p, int32_t channel, int64_t sum) {
    const int32_t shift = p->shift[channel];
    const int64_t product = sum * p->multiplier[channel] + ((int64_t)1 << (shift - 1));
    return (int16_t)ep_clamp((int32_t)(product >> shift), p->low, p->high);
}

void ep_convolve_s16(const ep_convolve_s16_params *p, const int16_t *input, int16_t *output,
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
                const int16_t *image = input + (ptrdiff_t)(c / group_out) * p->group_c;
                const int64_t sum =
                    window_sum(p, image, p->weights + c * filter_size, top, &across);
                *output++ = finish(p, c, sum + p->bias[c]);
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
