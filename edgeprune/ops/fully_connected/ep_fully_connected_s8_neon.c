#include "ep_fully_connected_s8_neon.h"

#include <string.h>

void ep_fully_connected_s8_neon(const ep_fully_connected_s8_neon_params *p, const int8_t *input,
                                int8_t *output, void *scratch) {
    const int8_t *pixels[EP_NEON_BAND];
    for (int32_t left = p->rows; left > 0;) {
        const int32_t count = ep_neon_next_band(left);
        for (int32_t i = 0; i < count; i++) {
            pixels[i] = input;
            if (p->copied_bytes > 0) {
                int8_t *copy = (int8_t *)scratch + i * p->copied_bytes;
                memcpy(copy, input, (size_t)p->depth);
                pixels[i] = copy;
            }
            input += p->depth;
        }
        ep_neon_multiply(&p->panels, pixels, count, output);
        output += (ptrdiff_t)count * p->panels.channels;
        left -= count;
    }
}
