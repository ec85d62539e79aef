#include "ep_average_pool_2d_s8_dsp.h"

static void average_pixel(const ep_average_pool_2d_s8_dsp_params *p, const int8_t *image,
                          int32_t row, int32_t column, int8_t *output) {
    const int8_t *first;
    const ep_taps taps = ep_taps_at(&p->window, image, row, column, &first);
    const int32_t *numbers = p->averages + 3 * (taps.rows * taps.columns - p->fewest);
    const ep_average average = {
        .factor = numbers[0], .offset = numbers[1], .pivot = 0, .away = (uint32_t)numbers[2]};
    ep_average_taps_s8(&taps, &average, &p->bounds, first, p->window.out_c, output);
}

void ep_average_pool_2d_s8_dsp(const ep_average_pool_2d_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    (void)scratch;
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t row = 0; row < w->out_h; row++) {
            for (int32_t column = 0; column < w->out_w; column++) {
                average_pixel(p, input, row, column, output);
                output += w->out_c;
            }
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
