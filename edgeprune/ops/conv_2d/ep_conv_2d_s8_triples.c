#include "ep_conv_2d_s8_triples.h"

#include <string.h>

/* Whether the filter's row that starts at row y of the input lies within it, at one pitch. */
static int row_inside(const ep_window *w, const ep_place *at, int32_t y) {
    return w->dilation_w == 1 && y >= 0 && y < w->in_h && at->left >= 0 &&
           at->left + w->filter_w <= w->in_w;
}

static void pack(const ep_window *w, const int8_t *image, const ep_place *at, const int8_t *border,
                 uint32_t *columns) {
    const int8_t *pixels[3];
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t down = fy * w->dilation_h;
        const int8_t *rows[3];
        int inside = 1;
        for (int32_t i = 0; i < 3; i++) {
            const int32_t y = at[i].top + down;
            rows[i] = image + ((ptrdiff_t)y * w->in_w + at[i].left) * w->in_c;
            inside = inside && row_inside(w, &at[i], y);
        }
        if (inside) {
            columns = ep_pack_triples_s8(rows, w->filter_w * w->in_c, columns);
            continue;
        }
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            const int32_t right = fx * w->dilation_w;
            for (int32_t i = 0; i < 3; i++) {
                const int32_t y = at[i].top + down;
                const int32_t x = at[i].left + right;
                inside = y >= 0 && y < w->in_h && x >= 0 && x < w->in_w;
                pixels[i] = inside ? rows[i] + (ptrdiff_t)right * w->in_c : border;
            }
            columns = ep_pack_triples_s8(pixels, w->in_c, columns);
        }
    }
}

void ep_conv_2d_s8_triples(const ep_conv_2d_s8_triples_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const int32_t channels = p->triples.stage.channels;
    uint32_t *columns = scratch;
    int8_t *border = (int8_t *)(columns + 2 * (ptrdiff_t)p->triples.depth);
    memset(border, (int)p->input_zero_point, (size_t)w->in_c);
    for (int32_t b = 0; b < w->batches; b++) {
        ep_place next = ep_first_place(w);
        int32_t left = w->out_h * w->out_w;
        while (left > 0) {
            ep_place at[3];
            int8_t *outputs[3];
            for (int32_t i = 0; i < 3; i++) {
                at[i] = next;
                outputs[i] = output;
                if (left > 1) {
                    ep_next_place(w, &next);
                    output += channels;
                }
                left--;
            }
            pack(w, input, at, border, columns);
            ep_triples_s8(&p->triples, columns, outputs);
        }
        output += channels;
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
