#include "ep_interpolate_s16.h"

void ep_interpolate_s16(const ep_interpolate_s16_params *p, const int16_t *input, int16_t *output,
                        void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const int16_t *piece = p->table + 256 + (input[i] >> 7);
        /* The slope is kept in 16 bits, as the reference keeps it. */
        const int32_t slope = (int16_t)(piece[1] - piece[0]);
        output[i] = (int16_t)(piece[0] + ((slope * (input[i] & 0x7f) + 64) >> 7));
    }
}
