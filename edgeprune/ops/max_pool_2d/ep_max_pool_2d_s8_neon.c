#include "ep_max_pool_2d_s8_neon.h"

#include <arm_neon.h>

#include "ep_taps.h"

#define LANES 16

/* Sixteen channels of the output whose window has `rows` and `columns` inside the image. */
static int8x16_t largest(const ep_window *w, const int8_t *corner, int32_t rows, int32_t columns) {
    int8x16_t found = vdupq_n_s8(INT8_MIN);
    for (int32_t y = 0; y < rows; y++) {
        const int8_t *at = corner + (ptrdiff_t)y * w->in_w * w->in_c;
        for (int32_t x = 0; x < columns; x++) {
            found = vmaxq_s8(found, vld1q_s8(at));
            at += w->in_c;
        }
    }
    return found;
}

static void pool_image(const ep_max_pool_2d_s8_neon_params *p, const int8_t *image,
                       int8_t *output) {
    const ep_window *w = &p->window;
    const int8x16_t low = vdupq_n_s8((int8_t)p->low), high = vdupq_n_s8((int8_t)p->high);
    for (int32_t y = 0; y < w->out_h; y++) {
        const ep_taps rows =
            ep_taps_inside(y * w->stride_h - w->pad_top, w->in_h, w->filter_h, w->dilation_h);
        for (int32_t x = 0; x < w->out_w; x++) {
            const ep_taps columns =
                ep_taps_inside(x * w->stride_w - w->pad_left, w->in_w, w->filter_w, w->dilation_w);
            const int8_t *corner =
                image + ((ptrdiff_t)rows.first * w->in_w + columns.first) * w->in_c;
            for (int32_t done = 0; done < w->out_c; done += LANES) {
                const int32_t c = done + LANES > w->out_c ? w->out_c - LANES : done;
                const int8x16_t value =
                    largest(w, corner + c, rows.end - rows.begin, columns.end - columns.begin);
                vst1q_s8(output + c, vminq_s8(vmaxq_s8(value, low), high));
            }
            output += w->out_c;
        }
    }
}

void ep_max_pool_2d_s8_neon(const ep_max_pool_2d_s8_neon_params *p, const int8_t *input,
                            int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        pool_image(p, input, output);
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
        output += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
