/* Pooling windows of int8, sixteen channels at a time; layers have at least as many. */
#ifndef EP_NEON_POOL_S8_H
#define EP_NEON_POOL_S8_H

#include "ep_neon_s8.h"
#include "ep_taps.h"

/* The taps of a window that lie inside the image. */
typedef struct {
    int32_t rows, columns;
    ptrdiff_t line, step; /* bytes from a row, and from a column, to the next */
} ep_neon_taps;

/* Sixteen channels of an output, not clamped yet; `corner` is its first tap. */
typedef int8x16_t ep_neon_pooled(const int8_t *corner, ep_neon_taps taps);

typedef struct {
    const ep_window *window;
    int8x16_t low, high;
} ep_neon_pool;

/* All channels of a pixel; the last sixteen overlap those before where channels are no multiple. */
EP_INLINE void ep_neon_pool_pixel(ep_neon_pooled *pooled, const ep_neon_pool *p,
                                  const int8_t *corner, ep_neon_taps taps, int8_t *output) {
    const int32_t channels = p->window->out_c;
    for (int32_t done = 0; done < channels; done += 16) {
        const int32_t c = done + 16 > channels ? channels - 16 : done;
        const int8x16_t value = pooled(corner + c, taps);
        vst1q_s8(output + c, vminq_s8(vmaxq_s8(value, p->low), p->high));
    }
}

EP_INLINE int8_t *ep_neon_pool_image(ep_neon_pooled *pooled, const ep_neon_pool *p,
                                     const int8_t *image, int8_t *output) {
    const ep_window *w = p->window;
    ep_neon_taps taps = {0, 0, (ptrdiff_t)w->in_w * w->in_c, w->in_c};
    for (int32_t y = 0; y < w->out_h; y++) {
        const ep_taps rows =
            ep_taps_inside(y * w->stride_h - w->pad_top, w->in_h, w->filter_h, w->dilation_h);
        taps.rows = rows.end - rows.begin;
        for (int32_t x = 0; x < w->out_w; x++) {
            const ep_taps columns =
                ep_taps_inside(x * w->stride_w - w->pad_left, w->in_w, w->filter_w, w->dilation_w);
            taps.columns = columns.end - columns.begin;
            ep_neon_pool_pixel(pooled, p,
                               image + rows.first * taps.line + columns.first * taps.step, taps,
                               output);
            output += w->out_c;
        }
    }
    return output;
}

EP_INLINE void ep_neon_pool_all(ep_neon_pooled *pooled, const ep_window *w, int32_t low,
                                int32_t high, const int8_t *input, int8_t *output) {
    const ep_neon_pool p = {w, vdupq_n_s8((int8_t)low), vdupq_n_s8((int8_t)high)};
    for (int32_t b = 0; b < w->batches; b++) {
        output = ep_neon_pool_image(pooled, &p, input, output);
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}

#endif
