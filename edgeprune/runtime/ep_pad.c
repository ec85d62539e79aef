/* Padding behind one row and before the next is written in one go. */
#include "ep_pad.h"

#include "ep_copy.h"

static uint8_t *padding(const ep_pad_params *p, uint8_t *to, int32_t size) {
    if (size > 0) {
        ep_fill(to, p->value, p->bytes, size / p->bytes);
    }
    return to + size;
}

void ep_pad(const ep_pad_params *p, const void *input, void *output, void *scratch) {
    const int32_t whole = p->front + p->row + p->back;
    const uint8_t *from = input;
    uint8_t *to = output;
    int32_t index[EP_PAD_DIMENSIONS] = {0};
    int32_t due = 0; /* bytes of padding that are not written yet */
    int32_t dimension;
    (void)scratch;
    do {
        int inside = 1;
        for (dimension = 0; dimension < EP_PAD_DIMENSIONS; dimension++) {
            inside = inside && index[dimension] >= p->before[dimension] &&
                     index[dimension] < p->behind[dimension];
        }
        if (inside) {
            to = padding(p, to, due + p->front);
            ep_copy_run(to, from, p->row);
            to += p->row;
            from += p->row;
            due = p->back;
        } else {
            due += whole;
        }
        /* The next index: the innermost dimension counts, full ones start again. */
        for (dimension = EP_PAD_DIMENSIONS - 1; dimension >= 0; dimension--) {
            if (++index[dimension] < p->extent[dimension]) {
                break;
            }
            index[dimension] = 0;
        }
    } while (dimension >= 0);
    padding(p, to, due);
}
