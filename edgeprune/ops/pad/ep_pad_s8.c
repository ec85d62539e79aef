#include "ep_pad_s8.h"

#include <string.h>

/* Whether index `i` of the output's dimension `d` lies inside the input. */
static int inside(const ep_pad_s8_params *p, int32_t d, int32_t i) {
    return i >= p->before[d] && i < p->before[d] + p->input_extent[d];
}

void ep_pad_s8(const ep_pad_s8_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t *n = p->output_extent;
    const size_t row = (size_t)p->input_extent[3];
    (void)scratch;
    for (int32_t a = 0; a < n[0]; a++) {
        for (int32_t b = 0; b < n[1]; b++) {
            for (int32_t c = 0; c < n[2]; c++) {
                memset(output, (int)p->value, (size_t)n[3]);
                if (inside(p, 0, a) && inside(p, 1, b) && inside(p, 2, c)) {
                    memcpy(output + p->before[3], input, row);
                    input += row;
                }
                output += n[3];
            }
        }
    }
}
