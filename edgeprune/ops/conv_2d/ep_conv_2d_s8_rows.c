#include "ep_conv_2d_s8_rows.h"
#include "ep_dsp.h"

/* Words of two windows' rows, alternating; returns what lies behind them. */
static int16_t *interleave(const int16_t *a, const int16_t *b, int32_t words, int16_t *columns) {
#if defined(__ARM_FEATURE_DSP)
    for (; words >= 2; words -= 2) {
        __asm__ volatile("ldr.w r4, [%0]\nldr.w r5, [%1]\nldr.w r6, [%0, #4]\nldr.w r8, [%1, #4]\n"
                         "str.w r4, [%2]\nstr.w r5, [%2, #4]\nstr.w r6, [%2, #8]\n"
                         "str.w r8, [%2, #12]\n"
                         :
                         : "r"(a), "r"(b), "r"(columns)
                         : "r4", "r5", "r6", "r8", "memory");
        a += 4;
        b += 4;
        columns += 8;
    }
#endif
    for (; words > 0; words--, a += 2, b += 2, columns += 4) {
        ep_store_word(columns, ep_load_word(a));
        ep_store_word(columns + 2, ep_load_word(b));
    }
    return columns;
}

/* Columns of the pixels of `count` output rows, the last one twice if it has no partner. */
static void fill_columns(const ep_conv_2d_s8_rows_params *p, const int16_t *rows, int32_t count,
                         int16_t *columns) {
    const ep_window *w = &p->window;
    const ptrdiff_t step = w->stride_w * w->in_c, down = w->dilation_h * p->rows.pitch;
    const int32_t words = (w->filter_w * w->in_c + 1) / 2, pixels = count * w->out_w;
    const int16_t *place = rows;
    for (int32_t i = 0, x = 0; i < pixels; i += 2) {
        const int16_t *a = place, *b = place;
        for (int32_t next = 0; next < 2 && i + next + 1 <= pixels; next++) {
            b = next == 0 ? b : place;
            place += step;
            if (++x == w->out_w) {
                x = 0;
                rows += (ptrdiff_t)w->stride_h * p->rows.pitch;
                place = rows;
            }
        }
        for (int32_t fy = 0; fy < w->filter_h; fy++, a += down, b += down) {
            columns = interleave(a, b, words, columns);
        }
    }
}

void ep_conv_2d_s8_rows(const ep_conv_2d_s8_rows_params *p, const int8_t *input, int8_t *output,
                        void *scratch) {
    const ep_window *w = &p->window;
    const int32_t below = (w->filter_h - 1) * w->dilation_h + 1;
    const int32_t pixels = p->band * w->out_w;
    int16_t *columns = scratch;
    int16_t *rest = columns + 2 * (ptrdiff_t)p->multiply.steps * (pixels + pixels % 2);
    int16_t *rows = rest + p->multiply.scratch_bytes / 2;
    for (int32_t batch = 0; batch < w->batches; batch++) {
        for (int32_t y = 0; y < w->out_h; y += p->band) {
            const int32_t left = w->out_h - y, count = left < p->band ? left : p->band;
            ep_fill_rows_s8(w, &p->rows, input, y * w->stride_h - w->pad_top,
                            (count - 1) * w->stride_h + below, rows);
            fill_columns(p, rows, count, columns);
            ep_multiply_band_s8(&p->multiply, columns, count * w->out_w, output, rest);
            output += (ptrdiff_t)count * w->out_w * w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
