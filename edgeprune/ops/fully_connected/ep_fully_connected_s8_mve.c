#include "ep_fully_connected_s8_mve.h"

void ep_fully_connected_s8_mve(const ep_fully_connected_s8_mve_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
    const int8_t *const pairs[2] = {scratch, (const int8_t *)scratch + p->depth};
    const int8_t *const single[2] = {scratch, scratch};
    for (int32_t left = p->rows; left > 0; left -= 2) {
        const int32_t count = left > 1 ? 2 : 1;
        int8_t *outputs[2] = {output, output + (count - 1) * (ptrdiff_t)p->tiles.channels};
        ep_spread_s8(scratch, p->depth, input, count, p->depth);
        p->multiply(&p->tiles, count == 2 ? pairs : single, outputs);
        input += (ptrdiff_t)count * p->depth;
        output += (ptrdiff_t)count * p->tiles.channels;
    }
}
