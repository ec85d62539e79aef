#include "ep_mean_s16.h"

/* All values of one output, from the first on. */
static int32_t reduce(const ep_reduction *r, const int16_t *first) {
    int32_t result = 0;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const int16_t *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result += *value;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

void ep_mean_s16(const ep_mean_s16_params *p, const int16_t *input, int16_t *output,
                 void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const int32_t value = reduce(r, input + ep_reduction_first(r, i));
        output[i] =
            (int16_t)ep_clamp(ep_requantize(value, p->mantissa, p->shift), INT16_MIN, INT16_MAX);
    }
}
