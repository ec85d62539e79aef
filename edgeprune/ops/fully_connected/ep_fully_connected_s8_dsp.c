#include "ep_fully_connected_s8_dsp.h"

void ep_fully_connected_s8_dsp(const ep_fully_connected_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
    for (int32_t row = 0; row < p->rows; row++) {
        ep_expand_column_s8(input, p->depth, p->columns.depth, scratch);
        ep_one_column_s8(&p->columns, scratch, output);
        input += p->depth;
        output += p->columns.channels;
    }
}
