#include "ep_mean_s8.h"

/* Sum over the averaged dimensions, from the given element on. */
static int32_t sum_from(const ep_mean_s8_params *p, const int8_t *input) {
    const int32_t *n = p->averaged;
    const int32_t *stride = p->stride;
    int32_t sum = 0;
    for (int32_t a = 0; a < n[0]; a++) {
        for (int32_t b = 0; b < n[1]; b++) {
            for (int32_t c = 0; c < n[2]; c++) {
                const int8_t *value = input + (ptrdiff_t)a * stride[0] + (ptrdiff_t)b * stride[1] +
                                      (ptrdiff_t)c * stride[2];
                for (int32_t d = 0; d < n[3]; d++) {
                    sum += value[d];
                }
            }
        }
    }
    return sum;
}

void ep_mean_s8(const ep_mean_s8_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t *n = p->kept;
    const int32_t *stride = p->stride;
    (void)scratch;
    for (int32_t a = 0; a < n[0]; a++) {
        for (int32_t b = 0; b < n[1]; b++) {
            for (int32_t c = 0; c < n[2]; c++) {
                const int8_t *value = input + (ptrdiff_t)a * stride[0] + (ptrdiff_t)b * stride[1] +
                                      (ptrdiff_t)c * stride[2];
                for (int32_t d = 0; d < n[3]; d++) {
                    int32_t sum = sum_from(p, value + d) + p->offset;
                    int32_t mean = ep_requantize(sum, p->mantissa, p->shift) + p->zero_point;
                    *output++ = (int8_t)ep_clamp(mean, INT8_MIN, INT8_MAX);
                }
            }
        }
    }
}
