#include "ep_max_pool_2d_s8.h"

/* Raise `output`, one value per channel, to the pixel's values. */
static void raise_to(const int8_t *pixel, int32_t channels, int8_t *output) {
    for (int32_t c = 0; c < channels; c++) {
        if (pixel[c] > output[c]) {
            output[c] = pixel[c];
        }
    }
}

static void pool_pixel(const ep_max_pool_2d_s8_params *p, const int8_t *image, int32_t top,
                       int32_t left, int8_t *output) {
    const ep_window *w = &p->window;
    /* Starting from the lower clamp makes the lower clamp free. */
    for (int32_t c = 0; c < w->out_c; c++) {
        output[c] = (int8_t)p->low;
    }
    for (int32_t y = top < 0 ? 0 : top; y < top + w->filter_h && y < w->in_h; y++) {
        for (int32_t x = left < 0 ? 0 : left; x < left + w->filter_w && x < w->in_w; x++) {
            raise_to(image + (ptrdiff_t)(y * w->in_w + x) * w->in_c, w->out_c, output);
        }
    }
    if (p->high < INT8_MAX) {
        for (int32_t c = 0; c < w->out_c; c++) {
            output[c] = (int8_t)(output[c] > p->high ? p->high : output[c]);
        }
    }
}

void ep_max_pool_2d_s8(const ep_max_pool_2d_s8_params *p, const int8_t *input, int8_t *output,
                       void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t oy = 0; oy < w->out_h; oy++) {
            for (int32_t ox = 0; ox < w->out_w; ox++) {
                const int32_t top = oy * w->stride_h - w->pad_top;
                const int32_t left = ox * w->stride_w - w->pad_left;
                pool_pixel(p, input, top, left, output);
                output += w->out_c;
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
