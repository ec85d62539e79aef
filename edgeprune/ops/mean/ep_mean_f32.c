#include "ep_mean_f32.h"

/* All values of one output, from the first on. */
static float reduce(const ep_reduction *r, const float *first) {
    float result = 0.0f;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const float *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result += *value;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

void ep_mean_f32(const ep_mean_f32_params *p, const float *input, float *output, void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const float value = reduce(r, input + ep_reduction_first(r, i));
        output[i] = value / p->count;
    }
}
