#include "ep_reduce_max_s16.h"

/* All values of one output, from the first on. */
static int16_t reduce(const ep_reduction *r, const int16_t *first) {
    int16_t result = *first;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const int16_t *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result = *value > result ? *value : result;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

void ep_reduce_max_s16(const ep_reduce_max_s16_params *p, const int16_t *input, int16_t *output,
                       void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const int16_t value = reduce(r, input + ep_reduction_first(r, i));
        output[i] = value;
    }
}
