#include "ep_max_pool_2d_s8_neon.h"

#include "ep_neon_pool_s8.h"

EP_INLINE int8x16_t largest(const int8_t *corner, ep_neon_taps taps) {
    int8x16_t found = vdupq_n_s8(INT8_MIN);
    for (int32_t y = 0; y < taps.rows; y++) {
        const int8_t *at = corner;
        for (int32_t x = 0; x < taps.columns; x++) {
            found = vmaxq_s8(found, vld1q_s8(at));
            at += taps.step;
        }
        corner += taps.line;
    }
    return found;
}

void ep_max_pool_2d_s8_neon(const ep_max_pool_2d_s8_neon_params *p, const int8_t *input,
                            int8_t *output, void *scratch) {
    (void)scratch;
    ep_neon_pool_all(largest, &p->window, p->low, p->high, input, output);
}
