#include "ep_clamp_f32.h"

void ep_clamp_f32(const ep_clamp_f32_params *p, const float *input, float *output, void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        output[i] = ep_limit(input[i], p->low, p->high);
    }
}
