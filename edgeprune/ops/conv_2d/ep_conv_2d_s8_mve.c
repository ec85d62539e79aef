#include "ep_conv_2d_s8_mve.h"

static void copy_rows(const ep_conv_2d_s8_mve_params *p, const int8_t *image, int32_t top,
                      int8_t *to) {
    const ep_window *w = &p->window;
    const ptrdiff_t pitch = (ptrdiff_t)w->filter_h * w->in_c;
    const int8_t *row = image + (ptrdiff_t)top * w->in_w * w->in_c;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        const int outside = y < 0 || y >= w->in_h;
        const int32_t before = outside ? p->before + p->inside + p->after : p->before;
        ep_spread_value_s8(to, pitch, p->input_zero_point, before, w->in_c);
        if (!outside) {
            int8_t *inside = to + before * pitch;
            ep_spread_s8(inside, pitch, row, p->inside, w->in_c);
            ep_spread_value_s8(inside + p->inside * pitch, pitch, p->input_zero_point, p->after,
                               w->in_c);
        }
        to += w->in_c;
        row += (ptrdiff_t)w->dilation_h * w->in_w * w->in_c;
    }
}

void ep_conv_2d_s8_mve(const ep_conv_2d_s8_mve_params *p, const int8_t *input, int8_t *output,
                       void *scratch) {
    const ep_window *w = &p->window;
    const ptrdiff_t step = (ptrdiff_t)w->stride_w * w->filter_h * w->in_c;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t oy = 0; oy < w->out_h; oy++) {
            copy_rows(p, input, oy * w->stride_h - w->pad_top, scratch);
            const int8_t *pixels[2] = {scratch, scratch};
            for (int32_t left = w->out_w; left > 0; left -= 2) {
                int8_t *outputs[2] = {output, output};
                pixels[1] = pixels[0];
                if (left > 1) {
                    pixels[1] += step;
                    outputs[1] += w->out_c;
                }
                p->multiply(&p->tiles, pixels, outputs);
                pixels[0] = pixels[1] + step;
                output = outputs[1] + w->out_c;
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
