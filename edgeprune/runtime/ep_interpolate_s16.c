#include "ep_interpolate_s16.h"

void ep_interpolate_s16(const ep_interpolate_s16_params *p, const int16_t *input, int16_t *output,
                        void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        output[i] = ep_interpolated(p->table, input[i]);
    }
}
