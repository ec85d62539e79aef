#include "ep_reduce_max_s8.h"

/* All values of one output, from the first on. */
static int8_t reduce(const ep_reduction *r, const int8_t *first) {
    int8_t result = *first;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const int8_t *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result = *value > result ? *value : result;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

void ep_reduce_max_s8(const ep_reduce_max_s8_params *p, const int8_t *input, int8_t *output,
                      void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const int8_t value = reduce(r, input + ep_reduction_first(r, i));
        output[i] = value;
    }
}
