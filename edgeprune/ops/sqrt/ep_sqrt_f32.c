#include "ep_sqrt_f32.h"
#include "ep_float.h"

void ep_sqrt_f32(const ep_sqrt_f32_params *p, const float *input, float *output, void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const float x = input[i];
        output[i] = ep_sqrt(x);
    }
}
