#include "ep_conv_2d_s8_neon.h"

/* A pixel's rows one after the other; whole vectors, of which the next row overwrites the rest. */
EP_INLINE void gather(const ep_conv_2d_s8_neon_params *p, const int8_t *pixel, int8_t *to) {
    const int32_t rows = p->row_count, bytes = p->row_bytes;
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *from = pixel + p->rows[row];
        vst1q_s8(to, vld1q_s8(from));
        for (int32_t done = 16; done < bytes; done += 16) {
            vst1q_s8(to + done, vld1q_s8(from + done));
        }
        to += bytes;
    }
}

/* Where the next pixel of the output lies in the image. */
typedef struct {
    const int8_t *row, *at;
    int32_t left; /* pixels of the row */
} place;

/* Finds the next `count` pixels. */
static void find(const ep_conv_2d_s8_neon_params *p, place *next, const int8_t **pixels,
                 int32_t count) {
    const ep_window *w = &p->window;
    const ptrdiff_t step = (ptrdiff_t)w->stride_w * w->in_c;
    const int8_t **const end = pixels + count;
    while (pixels < end) {
        if (next->left == 0) {
            next->left = w->out_w;
            next->row += (ptrdiff_t)w->stride_h * p->frame.width * w->in_c;
            next->at = next->row;
        }
        const int32_t found = next->left < end - pixels ? next->left : (int32_t)(end - pixels);
        const int8_t *at = next->at;
        for (int32_t i = 0; i < found; i++) {
            *pixels++ = at;
            at += step;
        }
        next->at = at;
        next->left -= found;
    }
}

static void convolve(const ep_conv_2d_s8_neon_params *p, const int8_t *image, int8_t *output,
                     int8_t *gathered) {
    const ep_window *w = &p->window;
    const int8_t *pixels[EP_NEON_BAND];
    place next = {image, image, w->out_w};
    for (int32_t left = w->out_h * w->out_w; left > 0;) {
        const int32_t count = ep_neon_next_band(left);
        find(p, &next, pixels, count);
        for (int32_t i = 0; p->row_count > 0 && i < count; i++) {
            int8_t *to = gathered + i * p->gathered_bytes;
            gather(p, pixels[i], to);
            pixels[i] = to;
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
