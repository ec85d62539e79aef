#include "ep_conv_2d_s8_windows.h"

/* One block of channels of an output row.  An odd last pixel is computed together with the one
 * before it, which gets the same value again. */
static void multiply_row(const ep_conv_2d_s8_windows_params *p, const int32_t *stage,
                         const int16_t *weights, const int16_t *taps, int8_t *output) {
    const ep_window *w = &p->window;
    const ptrdiff_t step = w->stride_w * w->in_c;
    const int32_t even = w->out_w & ~1;
    ep_products_run run = {taps + even * step, output, w->out_c, 8 * p->multiply.steps,
                           p->multiply.zero_point};
    p->multiply.products(stage, weights, taps, &run);
    if (even < w->out_w) {
        const ptrdiff_t last = w->out_w - 2;
        run.end = taps + w->out_w * step;
        run.output = output + last * w->out_c;
        p->multiply.products(stage, weights, taps + last * step, &run);
    }
}

static void multiply_band(const ep_conv_2d_s8_windows_params *p, const int16_t *rows, int32_t count,
                          int8_t *output) {
    const ep_window *w = &p->window;
    const int16_t *weights = p->multiply.weights;
    const int32_t *stage = p->multiply.stage;
    const int32_t last = w->out_c - 4;
    for (int32_t channel = 0; channel < w->out_c; channel += 4) {
        const int16_t *taps = rows;
        int8_t *to = output + (channel < last ? channel : last);
        for (int32_t y = 0; y < count; y++) {
            multiply_row(p, stage, weights, taps, to);
            taps += (ptrdiff_t)w->stride_h * p->rows.pitch;
            to += (ptrdiff_t)w->out_w * w->out_c;
        }
        weights += 4 * (ptrdiff_t)p->multiply.steps;
        stage += 12;
    }
}

void ep_conv_2d_s8_windows(const ep_conv_2d_s8_windows_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const int32_t below = (w->filter_h - 1) * w->dilation_h + 1;
    for (int32_t batch = 0; batch < w->batches; batch++) {
        for (int32_t y = 0; y < w->out_h; y += p->band) {
            const int32_t left = w->out_h - y, count = left < p->band ? left : p->band;
            ep_fill_rows_s8(w, &p->rows, input, y * w->stride_h - w->pad_top,
                            (count - 1) * w->stride_h + below, scratch);
            multiply_band(p, scratch, count, output);
            ep_clamp_band_s8(&p->multiply, output, count * w->out_w);
            output += (ptrdiff_t)count * w->out_w * w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
