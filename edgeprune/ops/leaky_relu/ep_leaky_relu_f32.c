#include "ep_leaky_relu_f32.h"

void ep_leaky_relu_f32(const ep_leaky_relu_f32_params *p, const float *input, float *output,
                       void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = x > 0.0f ? x : x * p->alpha;
    }
}
