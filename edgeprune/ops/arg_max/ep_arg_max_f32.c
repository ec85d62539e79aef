#include "ep_arg_max_f32.h"

static int32_t find(const ep_arg_max_f32_params *p, const float *value) {
    int32_t place = 0;
    float best = *value * p->sign;
    for (int32_t k = 1; k < p->reduction.reduced_inner; k++) {
        value += p->reduction.inner;
        const float rank = *value * p->sign;
        if (rank > best) {
            best = rank;
            place = k;
        }
    }
    return place;
}

void ep_arg_max_f32(const ep_arg_max_f32_params *p, const float *input, void *output,
                    void *scratch) {
    const int32_t outputs = ep_reduction_outputs(&p->reduction);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const int32_t place = find(p, input + ep_reduction_first(&p->reduction, i));
        if (p->wide != 0) {
            ((int64_t *)output)[i] = place;
        } else {
            ((int32_t *)output)[i] = place;
        }
    }
}
