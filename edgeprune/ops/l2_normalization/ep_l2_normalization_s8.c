#include "ep_l2_normalization_s8.h"
#include "ep_inverse_root.h"

enum { OUTPUT_BITS = 7 };

static void normalize(const ep_l2_normalization_s8_params *p, const int8_t *input, int8_t *output) {
    int32_t squares = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t value = input[i] - p->zero_point;
        squares += value * value;
    }
    const ep_root root = ep_inverse_root(squares);
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t value = input[i] - p->zero_point;
        const int32_t scaled = ep_requantize(value, root.mantissa, root.shift + OUTPUT_BITS);
        output[i] = (int8_t)ep_clamp(scaled, INT8_MIN, INT8_MAX);
    }
}

void ep_l2_normalization_s8(const ep_l2_normalization_s8_params *p, const int8_t *input,
                            int8_t *output, void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        normalize(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
