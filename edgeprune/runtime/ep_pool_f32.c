#include "ep_pool_f32.h"

#include "ep_taps.h"

/* Sum and maximum of one channel over the taps inside. */
static float window_value(const ep_pool_f32_params *p, const float *channel, const ep_taps *down,
                          const ep_taps *across) {
    const ep_window *w = &p->window;
    const int32_t taps = (down->end - down->begin) * (across->end - across->begin);
    float sum = 0.0f;
    float largest = channel[(ptrdiff_t)(down->first * w->in_w + across->first) * w->in_c];
    for (int32_t y = down->first; y < down->first + down->end - down->begin; y++) {
        for (int32_t x = across->first; x < across->first + across->end - across->begin; x++) {
            const float value = channel[(ptrdiff_t)(y * w->in_w + x) * w->in_c];
            sum += value;
            largest = value > largest ? value : largest;
        }
    }
    if (!p->average) {
        return largest;
    }
    return sum / (float)taps;
}

void ep_pool_f32(const ep_pool_f32_params *p, const float *input, float *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t pixel = 0; pixel < w->out_h * w->out_w; pixel++) {
            const int32_t top = pixel / w->out_w * w->stride_h - w->pad_top;
            const int32_t left = pixel % w->out_w * w->stride_w - w->pad_left;
            const ep_taps down = ep_taps_inside(top, w->in_h, w->filter_h, 1);
            const ep_taps across = ep_taps_inside(left, w->in_w, w->filter_w, 1);
            for (int32_t c = 0; c < w->out_c; c++) {
                const float value = window_value(p, input + c, &down, &across);
                *output++ = ep_limit(value, p->low, p->high);
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
