#include "ep_sum_s8.h"

/* Round half away from zero, in float32 with both of its roundings as the reference has it: the
 * compiler must not make one operation of two. */
static int8_t finish(const ep_sum_s8_params *p, int32_t sum) {
    const float limit = 1024.0f; /* beyond any difference of two int8 values */
    volatile float product = (float)sum * p->scale;
    const float steps = ep_limit(product + p->offset, -limit, limit);
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole; /* exact */
    const int32_t away = rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0;
    return (int8_t)ep_clamp(whole + away + p->zero_point, INT8_MIN, INT8_MAX);
}

/* All values of one output, from the first on. */
static int32_t reduce(const ep_reduction *r, const int8_t *first) {
    int32_t result = 0;
    for (int32_t i = 0; i < r->reduced_outer; i++) {
        const int8_t *value = first;
        for (int32_t k = 0; k < r->reduced_inner; k++) {
            result += *value;
            value += r->inner;
        }
        first += ep_reduction_outer_step(r);
    }
    return result;
}

void ep_sum_s8(const ep_sum_s8_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const ep_reduction *r = &p->reduction;
    const int32_t outputs = ep_reduction_outputs(r);
    (void)scratch;
    for (int32_t i = 0; i < outputs; i++) {
        const int32_t value = reduce(r, input + ep_reduction_first(r, i));
        output[i] = finish(p, value);
    }
}
