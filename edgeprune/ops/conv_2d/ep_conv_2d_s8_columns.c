#include "ep_conv_2d_s8_columns.h"
#include "ep_expand_s8.h"
#include "ep_multiply_band_s8.h"

#include <string.h>

/* The window of one output pixel. */
typedef struct {
    int32_t x; /* output column */
    int32_t top, left;
} place;

static void step(const ep_window *w, place *at) {
    at->x++;
    at->left += w->stride_w;
    if (at->x == w->out_w) {
        at->x = 0;
        at->left = -w->pad_left;
        at->top += w->stride_h;
    }
}

/* Whether all taps of a row of the window lie within the input and side by side. */
static int whole(const ep_window *w, const place *at) {
    return w->dilation_w == 1 && at->left >= 0 && at->left + w->filter_w <= w->in_w;
}

/* The first channel of a tap, or zero points. */
static const int8_t *tap(const ep_window *w, const int8_t *image, const int8_t *zeros, int32_t y,
                         int32_t x) {
    if (y < 0 || y >= w->in_h || x < 0 || x >= w->in_w) {
        return zeros;
    }
    return image + (ptrdiff_t)(y * w->in_w + x) * w->in_c;
}

/* Columns of two pixels; returns what lies behind them. */
static int16_t *gather(const ep_window *w, const int8_t *image, const int8_t *zeros, const place *a,
                       const place *b, int16_t *columns) {
    const int rows_whole = whole(w, a) && whole(w, b);
    const int32_t taps = rows_whole ? 1 : w->filter_w;
    const int32_t quads = (rows_whole ? w->filter_w : 1) * w->in_c / 4;
    for (int32_t fy = 0, dy = 0; fy < w->filter_h; fy++, dy += w->dilation_h) {
        for (int32_t fx = 0, dx = 0; fx < taps; fx++, dx += w->dilation_w) {
            columns =
                ep_expand_pair_s8(tap(w, image, zeros, a->top + dy, a->left + dx),
                                  tap(w, image, zeros, b->top + dy, b->left + dx), quads, columns);
        }
    }
    return columns;
}

/* Columns of `count` pixels from `at` on, the last one twice if it has no partner. */
static void fill(const ep_conv_2d_s8_columns_params *p, const int8_t *image, const int8_t *zeros,
                 int32_t count, place *at, int16_t *columns) {
    const ep_window *w = &p->window;
    for (int32_t i = 0; i < count; i += 2) {
        const place first = *at;
        if (i + 1 < count) {
            step(w, at);
        }
        columns = gather(w, image, zeros, &first, at, columns);
        step(w, at);
    }
}

/* The same where the windows are the input's pixels, one after the other. */
static void fill_pointwise(const int8_t *pixels, int32_t depth, int32_t count, int16_t *columns) {
    ep_expand_pixels_s8(pixels, depth / 4, count / 2, columns);
    if (count & 1) {
        const int8_t *last = pixels + (ptrdiff_t)(count - 1) * depth;
        ep_expand_pair_s8(last, last, depth / 4, columns + (ptrdiff_t)(count - 1) * depth);
    }
}

void ep_conv_2d_s8_columns(const ep_conv_2d_s8_columns_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const int32_t pixels = w->out_h * w->out_w, row = w->filter_w * w->in_c;
    const int pointwise = pixels == w->in_h * w->in_w && w->filter_h * w->filter_w == 1;
    int16_t *columns = scratch;
    int8_t *rest = (int8_t *)(columns + 2 * (ptrdiff_t)p->multiply.steps * p->band);
    int8_t *zeros = rest + p->multiply.scratch_bytes;
    if (!pointwise) {
        memset(zeros, (int)p->input_zero_point, (size_t)row);
    }
    for (int32_t batch = 0; batch < w->batches; batch++) {
        place at = {0, -w->pad_top, -w->pad_left};
        for (int32_t done = 0; done < pixels; done += p->band) {
            const int32_t left = pixels - done, count = left < p->band ? left : p->band;
            if (pointwise) {
                fill_pointwise(input + (ptrdiff_t)done * w->in_c, w->in_c, count, columns);
            } else {
                fill(p, input, zeros, count, &at, columns);
            }
            ep_multiply_band_s8(&p->multiply, columns, count, output, rest);
            output += (ptrdiff_t)count * w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
