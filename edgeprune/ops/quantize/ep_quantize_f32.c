#include "ep_quantize_f32.h"

/* Round half away from zero without a mathematics library.  The input is limited first,
 * so that the conversion is defined for every float; NaN takes the lower limit. */
static int32_t round_float(float value) {
    const float limit = 131072.0f; /* beyond any difference of two int16 values */
    int32_t whole;
    float rest;
    if (!(value > -limit)) {
        value = -limit;
    }
    if (value > limit) {
        value = limit;
    }
    whole = (int32_t)value;
    rest = value - (float)whole; /* exact */
    if (rest >= 0.5f) {
        return whole + 1;
    }
    return rest <= -0.5f ? whole - 1 : whole;
}

void ep_quantize_f32(const ep_quantize_f32_params *p, const float *input, void *output,
                     void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t value = round_float(input[i] / p->scale) + p->zero_point;
        ep_write_integer(output, p->type, i, ep_clamp(value, p->low, p->high));
    }
}
