#include "ep_max_pool_2d_s8_dsp.h"

void ep_max_pool_2d_s8_dsp(const ep_max_pool_2d_s8_dsp_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t row = 0; row < w->out_h; row++) {
            for (int32_t column = 0; column < w->out_w; column++) {
                const int8_t *first;
                const ep_taps taps = ep_taps_at(w, input, row, column, &first);
                ep_max_taps_s8(&taps, &p->bounds, first, w->out_c, output);
                output += w->out_c;
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
