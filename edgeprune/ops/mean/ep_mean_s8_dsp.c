#include "ep_mean_s8_dsp.h"

void ep_mean_s8_dsp(const ep_mean_s8_dsp_params *p, const int8_t *input, int8_t *output,
                    void *scratch) {
    const ep_taps taps = {.columns = p->taps, .rows = 1, .step = p->channels, .skip = 0};
    (void)scratch;
    for (int32_t i = 0; i < p->images; i++) {
        ep_average_taps_s8(&taps, &p->average, &p->bounds, input, p->channels, output);
        input += (ptrdiff_t)p->taps * p->channels;
        output += p->channels;
    }
}
