/* Matrix times column for int8 weights: the inner part of convolutions and dense layers.
 *
 * A column is a stretch of int8 activations expanded to int16, four at a time into the
 * order 0, 2, 1, 3 that SXTB16 yields.  Weights stay int8 in flash, one row per output
 * channel, and are expanded in the same order on the fly, so no row is rearranged.
 * Rows and columns are padded with zeros to `depth`, a multiple of four. */
#ifndef EP_COLUMNS_S8_H
#define EP_COLUMNS_S8_H

#include "ep_runtime.h"

typedef struct {
    const int8_t *weights; /* [channels][depth], aligned to 4 */
    int32_t depth;
    int32_t channels;
    ep_output_stage stage; /* the bias holds the input zero point's share */
} ep_columns;

/* Expand `count` int8 values into a column of `depth` int16, zeros behind them. */
void ep_expand_column_s8(const int8_t *values, int32_t count, int32_t depth, int16_t *column);

/* All output channels of one column. */
void ep_one_column_s8(const ep_columns *c, const int16_t *column, int8_t *output);

/* All output channels of two columns: each weight is loaded and expanded once for both. */
void ep_two_columns_s8(const ep_columns *c, const int16_t *first, const int16_t *second,
                       int8_t *first_output, int8_t *second_output);

#endif
