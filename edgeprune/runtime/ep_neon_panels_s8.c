#include "ep_neon_panels_s8.h"

#include "ep_neon_dot_s8.h"
#include "ep_neon_plain_s8.h"

void ep_neon_multiply(const ep_neon_panels *p, const int8_t *const *pixels, int32_t count,
                      int8_t *output) {
    const int dots = ep_neon_has_dot_products();
    ep_neon_panel f = {p->weights, p->stage, 0};
    for (int32_t channel = 0; channel < p->channels; channel += EP_NEON_WIDTH) {
        const int32_t left = p->channels - channel;
        f.channels = left < EP_NEON_WIDTH ? left : EP_NEON_WIDTH;
        (dots ? ep_neon_dot_panel : ep_neon_plain_panel)(p, &f, pixels, count, output + channel);
        f.weights += (ptrdiff_t)p->stretches * p->steps * 4 * EP_NEON_WIDTH;
        f.stage += 3 * EP_NEON_WIDTH;
    }
}
