#include "ep_arg_max_s8.h"

static int32_t find(const ep_arg_max_s8_params *p, const int8_t *value) {
    int32_t place = 0;
    int32_t best = *value ^ p->flip;
    for (int32_t k = 1; k < p->reduction.reduced_inner; k++) {
        value += p->reduction.inner;
        const int32_t rank = *value ^ p->flip;
        if (rank > best) {
            best = rank;
            place = k;
        }
    }
    return place;
}

void ep_arg_max_s8(const ep_arg_max_s8_params *p, const int8_t *input, void *output,
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
