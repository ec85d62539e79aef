#include "ep_fully_connected_s8.h"

void ep_fully_connected_s8(const ep_fully_connected_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        const int8_t *weights = p->weights;
        for (int32_t channel = 0; channel < p->channels; channel++) {
            int32_t sum = p->stage.bias[channel];
            for (int32_t i = 0; i < p->depth; i++) {
                sum += input[i] * weights[i];
            }
            *output++ = ep_finish(&p->stage, channel, sum);
            weights += p->depth;
        }
        input += p->depth;
    }
}
