/* A row of the output (the innermost dimension) that repeats the one before is copied from it. */
#include "ep_pick.h"

#include "ep_copy.h"

static void pick_row(const ep_pick_params *p, const uint8_t *from, uint8_t *to) {
    const int32_t *table = p->table[3];
    const int32_t count = p->extent[3], run = p->run;
    if (run == 1) {
        for (int32_t i = 0; i < count; i++) {
            to[i] = from[table[i]];
        }
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        ep_copy_run(to, from + table[i], run);
        to += run;
    }
}

void ep_pick(const ep_pick_params *p, const void *input, void *output, void *scratch) {
    const int32_t row = p->extent[3] * p->run;
    uint8_t *to = output;
    (void)scratch;
    for (int32_t a = 0; a < p->extent[0]; a++) {
        for (int32_t b = 0; b < p->extent[1]; b++) {
            const uint8_t *from = (const uint8_t *)input + p->table[0][a] + p->table[1][b];
            for (int32_t c = 0; c < p->extent[2]; c++) {
                if (c > 0 && p->table[2][c] == p->table[2][c - 1]) {
                    memcpy(to, to - row, (size_t)row);
                } else {
                    pick_row(p, from + p->table[2][c], to);
                }
                to += row;
            }
        }
    }
}
