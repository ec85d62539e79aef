#include "ep_hard_swish_f32.h"

void ep_hard_swish_f32(const ep_hard_swish_f32_params *p, const float *input, float *output,
                       void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = x * ep_limit(x + 3.0f, 0.0f, 6.0f) / 6.0f;
    }
}
