#include "ep_slopes_s16.h"

void ep_slopes_s16(const ep_slopes_s16_params *p, const int16_t *input, int16_t *output,
                   void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const ep_slope *slope = input[i] >= 0 ? &p->positive : &p->negative;
        const int32_t value = ep_requantize(input[i], slope->mantissa, slope->shift);
        output[i] = (int16_t)ep_clamp(value, p->low, p->high);
    }
}
