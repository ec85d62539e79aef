#include "ep_tanh_s16.h"

/* sigmoid of |steps| / (24 * 256), in steps of 2^-24. */
static int32_t interpolate(const uint16_t *table, uint32_t steps) {
    const uint32_t index = steps >> 8;
    if (index >= 255u) {
        return 0xffff << 8;
    }
    return (int32_t)(((uint32_t)table[index] << 8) +
                     (steps & 0xffu) * ((uint32_t)table[index + 1u] - table[index]));
}

/* tanh(x) = 2 * sigmoid(2 * x) - 1; the table's index is doubled by its own step. */
void ep_tanh_s16(const ep_tanh_s16_params *p, const int16_t *input, int16_t *output,
                 void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t steps = (input[i] * p->multiplier + p->rounding) >> p->shift;
        int32_t value = interpolate(p->table, (uint32_t)(steps < 0 ? -steps : steps)) - (1 << 23);
        if (steps < 0) {
            value = -value - 1;
        }
        output[i] = (int16_t)((value + 128) >> 8);
    }
}
