#include "ep_move.h"

#include "ep_copy.h"

void ep_move(const ep_move_params *p, const void *input, void *output, void *scratch) {
    const uint8_t *from = (const uint8_t *)input + p->first;
    uint8_t *to = output;
    int32_t index[EP_MOVE_DIMENSIONS] = {0};
    int32_t dimension;
    (void)scratch;
    do {
        ep_copy_rows(to, p->run, from, p->step, p->run, p->rows);
        to += p->run * p->rows;
        /* The next index: the innermost dimension counts, full ones start again. */
        for (dimension = EP_MOVE_DIMENSIONS - 1; dimension >= 0; dimension--) {
            from += p->stride[dimension];
            if (++index[dimension] < p->extent[dimension]) {
                break;
            }
            from -= p->stride[dimension] * p->extent[dimension];
            index[dimension] = 0;
        }
    } while (dimension >= 0);
}
