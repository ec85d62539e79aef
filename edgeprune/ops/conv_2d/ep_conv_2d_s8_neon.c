#include "ep_conv_2d_s8_neon.h"

/* A pixel's rows one after the other; whole vectors, of which the next row overwrites the rest. */
static const int8_t *gather(const ep_conv_2d_s8_neon_params *p, const int8_t *pixel, int8_t *to) {
    const int8_t *begin = to;
    for (int32_t row = 0; row < p->row_count; row++) {
        const int8_t *from = pixel + p->rows[row];
        for (int32_t done = 0; done < p->row_bytes; done += 16) {
            vst1q_s8(to + done, vld1q_s8(from + done));
        }
        to += p->row_bytes;
    }
    return begin;
}

static void convolve(const ep_conv_2d_s8_neon_params *p, const int8_t *image, int8_t *output,
                     int8_t *gathered) {
    const ep_window *w = &p->window;
    const ptrdiff_t next = (ptrdiff_t)w->stride_w * w->in_c;
    const ptrdiff_t line = (ptrdiff_t)w->stride_h * p->frame.width * w->in_c;
    const int8_t *pixels[EP_NEON_BAND];
    const int8_t *row = image, *at = image;
    int32_t column = 0;
    for (int32_t left = w->out_h * w->out_w; left > 0;) {
        const int32_t count = ep_neon_next_band(left);
        for (int32_t i = 0; i < count; i++) {
            pixels[i] = p->row_count > 0 ? gather(p, at, gathered + i * p->gathered_bytes) : at;
            at += next;
            if (++column == w->out_w) {
                column = 0;
                row += line;
                at = row;
            }
        }
        ep_neon_multiply(&p->panels, pixels, count, output);
        output += (ptrdiff_t)count * w->out_c;
        left -= count;
    }
}

void ep_conv_2d_s8_neon(const ep_conv_2d_s8_neon_params *p, const int8_t *input, int8_t *output,
                        void *scratch) {
    const ep_window *w = &p->window;
    for (int32_t b = 0; b < w->batches; b++) {
        const int8_t *image = ep_neon_framed(&p->frame, input, w->in_w, scratch);
        convolve(p, image, output, (int8_t *)scratch + p->frame_bytes);
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
        output += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
