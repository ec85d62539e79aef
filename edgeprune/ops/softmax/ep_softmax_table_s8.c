#include "ep_softmax_table_s8.h"
#include "ep_softmax_fixed.h"

static void softmax_row(const ep_softmax_table_s8_params *p, const int8_t *row, int8_t *output) {
    const int32_t depth = p->depth;
    const int32_t count = p->count;
    const int32_t *exponential = p->exponential;
    const int32_t top = ep_largest(row, depth);
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < depth; i++) {
        const int32_t difference = top - row[i];
        if (difference < count) {
            sum += (exponential[difference] >> 12) + ((exponential[difference] >> 11) & 1);
        }
    }
    const ep_share share = ep_share_of(sum);
    for (int32_t i = 0; i < depth; i++) {
        const int32_t difference = top - row[i];
        output[i] = ep_probability(&share, difference < count ? exponential[difference] : 0);
    }
}

void ep_softmax_table_s8(const ep_softmax_table_s8_params *p, const int8_t *input, int8_t *output,
                         void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        softmax_row(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
