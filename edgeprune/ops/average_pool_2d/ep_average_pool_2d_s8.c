#include "ep_average_pool_2d_s8.h"

/* Sum each channel over the part of the window inside the image; returns the taps there. */
static int32_t sum_window(const ep_window *w, const int8_t *image, int32_t top, int32_t left,
                          int32_t *sums) {
    int32_t taps = 0;
    for (int32_t c = 0; c < w->out_c; c++) {
        sums[c] = 0;
    }
    for (int32_t y = top < 0 ? 0 : top; y < top + w->filter_h && y < w->in_h; y++) {
        for (int32_t x = left < 0 ? 0 : left; x < left + w->filter_w && x < w->in_w; x++) {
            const int8_t *pixel = image + (ptrdiff_t)(y * w->in_w + x) * w->in_c;
            for (int32_t c = 0; c < w->out_c; c++) {
                sums[c] += pixel[c];
            }
            taps++;
        }
    }
    return taps;
}

void ep_average_pool_2d_s8(const ep_average_pool_2d_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    int32_t *sums = scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t oy = 0; oy < w->out_h; oy++) {
            for (int32_t ox = 0; ox < w->out_w; ox++) {
                const int32_t top = oy * w->stride_h - w->pad_top;
                const int32_t left = ox * w->stride_w - w->pad_left;
                const int32_t taps = sum_window(w, input, top, left, sums);
                for (int32_t c = 0; c < w->out_c; c++) {
                    const int32_t half = sums[c] > 0 ? taps / 2 : -(taps / 2);
                    *output++ = (int8_t)ep_clamp((sums[c] + half) / taps, p->low, p->high);
                }
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
