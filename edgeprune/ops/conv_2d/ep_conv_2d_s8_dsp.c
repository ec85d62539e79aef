#include "ep_conv_2d_s8_dsp.h"

#include <string.h>

/* Copy the input window at (top, left) into `window`, the zero point where it hangs over. */
static void gather(const ep_conv_2d_s8_dsp_params *p, const int8_t *image, int32_t top,
                   int32_t left, int8_t *window) {
    const ep_window *w = &p->window;
    const size_t depth = (size_t)w->in_c;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        const int8_t *row = image + (ptrdiff_t)y * w->in_w * w->in_c;
        const int32_t right = left + (w->filter_w - 1) * w->dilation_w;
        if (y >= 0 && y < w->in_h && left >= 0 && right < w->in_w && w->dilation_w == 1) {
            memcpy(window, row + (ptrdiff_t)left * w->in_c, depth * (size_t)w->filter_w);
            window += (ptrdiff_t)w->filter_w * w->in_c;
            continue;
        }
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            const int32_t x = left + fx * w->dilation_w;
            if (y >= 0 && y < w->in_h && x >= 0 && x < w->in_w) {
                memcpy(window, row + (ptrdiff_t)x * w->in_c, depth);
            } else {
                memset(window, (int)p->input_zero_point, depth);
            }
            window += w->in_c;
        }
    }
}

/* The column of output pixel `index` of one image. */
static void make_column(const ep_conv_2d_s8_dsp_params *p, const int8_t *image, int32_t index,
                        int8_t *window, int16_t *column) {
    const ep_window *w = &p->window;
    const int32_t top = (index / w->out_w) * w->stride_h - w->pad_top;
    const int32_t left = (index % w->out_w) * w->stride_w - w->pad_left;
    const int8_t *values = window;
    if (w->filter_h == 1 && w->filter_w == 1 && w->pad_top == 0 && w->pad_left == 0) {
        values = image + (ptrdiff_t)(top * w->in_w + left) * w->in_c;
    } else {
        gather(p, image, top, left, window);
    }
    ep_expand_column_s8(values, w->filter_h * w->filter_w * w->in_c, p->columns.depth, column);
}

void ep_conv_2d_s8_dsp(const ep_conv_2d_s8_dsp_params *p, const int8_t *input, int8_t *output,
                       void *scratch) {
    const ep_window *w = &p->window;
    const int32_t pixels = w->out_h * w->out_w;
    int16_t *first = scratch;
    int16_t *second = first + p->columns.depth;
    int8_t *window = (int8_t *)(second + p->columns.depth);
    for (int32_t b = 0; b < w->batches; b++) {
        int32_t i = 0;
        for (; i + 2 <= pixels; i += 2) {
            make_column(p, input, i, window, first);
            make_column(p, input, i + 1, window, second);
            ep_two_columns_s8(&p->columns, first, second, output, output + w->out_c);
            output += 2 * (ptrdiff_t)w->out_c;
        }
        if (i < pixels) {
            make_column(p, input, i, window, first);
            ep_one_column_s8(&p->columns, first, output);
            output += w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
