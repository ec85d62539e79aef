/* SOFTMAX over the last dimension, int8, output scale 1/256 and zero point -128, with the
 * exponentials of all differences to a row's maximum in a table.  In place too. */
#ifndef EP_SOFTMAX_TABLE_S8_H
#define EP_SOFTMAX_TABLE_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t count;              /* differences in the table; exp() of larger ones counts as zero */
    const int32_t *exponential; /* exp() of minus the index in steps of the input, Q0 */
} ep_softmax_table_s8_params;

void ep_softmax_table_s8(const ep_softmax_table_s8_params *p, const int8_t *input, int8_t *output,
                         void *scratch);

#endif
