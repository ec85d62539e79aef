#include "ep_dequantize_s8_f32.h"

void ep_dequantize_s8_f32(const ep_dequantize_s8_f32_params *p, const int8_t *input, float *output,
                          void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(input[i] - p->zero_point);
    }
}
