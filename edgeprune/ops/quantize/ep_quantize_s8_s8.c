#include "ep_quantize_s8_s8.h"

void ep_quantize_s8_s8(const ep_quantize_s8_s8_params *p, const int8_t *input, int8_t *output,
                       void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t value = ep_requantize(input[i] - p->input_zero_point, p->mantissa, p->shift);
        output[i] = (int8_t)ep_clamp(value + p->zero_point, INT8_MIN, INT8_MAX);
    }
}
