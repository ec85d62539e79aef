#include "ep_dequantize.h"

void ep_dequantize(const ep_dequantize_params *p, const void *input, float *output, void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(ep_read_integer(input, p->type, i) - p->zero_point);
    }
}
