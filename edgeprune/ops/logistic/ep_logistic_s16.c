#include "ep_logistic_s16.h"

/* sigmoid of |steps| / (24 * 512), in steps of 2^-25. */
static uint32_t interpolate(const uint16_t *table, uint32_t steps) {
    const uint32_t index = steps >> 9;
    if (index >= 255u) {
        return (uint32_t)0x7fff << 10; /* the largest output, with its rounding */
    }
    return ((uint32_t)table[index] << 9) +
           (steps & 0x1ffu) * ((uint32_t)table[index + 1u] - table[index]);
}

void ep_logistic_s16(const ep_logistic_s16_params *p, const int16_t *input, int16_t *output,
                     void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t steps = (input[i] * p->multiplier + p->rounding) >> p->shift;
        uint32_t value = interpolate(p->table, (uint32_t)(steps < 0 ? -steps : steps));
        if (steps < 0) {
            value = ((uint32_t)1 << 25) - value - 1u; /* sigmoid(-x) = 1 - sigmoid(x) */
        }
        output[i] = (int16_t)((value + 512u) >> 10);
    }
}
