#include "ep_mean_f32.h"

#include "ep_reduction_f32.h"

void ep_mean_f32(const ep_mean_f32_params *p, const float *input, float *output, void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const float value = ep_reduction_sum_f32(r, input + ep_reduction_first(r, i));
        output[i] = value / p->count;
    }
}
