#include "ep_conv_2d_s8_mve.h"

static void copy_rows(const ep_conv_2d_s8_mve_params *p, const int8_t *image, int32_t top,
                      int8_t *to) {
    const ep_window *w = &p->window;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        if (y < 0 || y >= w->in_h) {
            to = ep_fill_s8_mve(to, p->input_zero_point, p->before + p->inside + p->after);
            continue;
        }
        to = ep_fill_s8_mve(to, p->input_zero_point, p->before);
        to = ep_copy_s8_mve(to, image + (ptrdiff_t)y * w->in_w * w->in_c, p->inside);
        to = ep_fill_s8_mve(to, p->input_zero_point, p->after);
    }
}

void ep_conv_2d_s8_mve(const ep_conv_2d_s8_mve_params *p, const int8_t *input, int8_t *output,
                       void *scratch) {
    const ep_window *w = &p->window;
    const ptrdiff_t step = (ptrdiff_t)w->stride_w * w->in_c;
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
