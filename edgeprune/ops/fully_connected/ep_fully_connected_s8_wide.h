/* FULLY_CONNECTED, int8, for cores with the DSP extension: any multipliers, biases and depths.
 *
 * The scheme is that of ep_dense_s8.h.  Rows are cut into stretches short enough for its packed
 * sums, and outputs are made by the general requantization.  The table has the blocks of 8
 * channels, then the channels that are left in pairs, the last of them filled up with zeros.
 * Scratch: one row, where the depth is no multiple of 4. */
#ifndef EP_FULLY_CONNECTED_S8_WIDE_H
#define EP_FULLY_CONNECTED_S8_WIDE_H

#include "ep_dense_s8.h"

typedef struct {
    int32_t rows;     /* input vectors */
    int32_t depth;    /* elements of each */
    int32_t channels; /* outputs of each */
    const int32_t *table;
    ep_output_stage stage; /* the bias holds the input zero point's share */
} ep_fully_connected_s8_wide_params;

void ep_fully_connected_s8_wide(const ep_fully_connected_s8_wide_params *p, const int8_t *input,
                                int8_t *output, void *scratch);

#endif
