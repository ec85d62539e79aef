/* FULLY_CONNECTED, int8, for cores with the DSP extension.
 *
 * ep_dense_s8.h tells the scheme.  The table has the blocks of 8 channels, then the channels that
 * are left in pairs, the last of them filled up with zeros.  Behind the weights of a block or
 * pair stand two words per channel: the bias (with the input zero point's share) times 256 plus
 * the binary logarithm of the requantization's `scale`, and its `factor` (ep_requantize.h).
 * Scratch: one row, where the depth is no multiple of 4. */
#ifndef EP_FULLY_CONNECTED_S8_DSP_H
#define EP_FULLY_CONNECTED_S8_DSP_H

#include "ep_dense_s8.h"
#include "ep_requantize.h"

typedef struct {
    int32_t rows;     /* input vectors */
    int32_t depth;    /* elements of each */
    int32_t channels; /* outputs of each */
    const int32_t *table;
    int32_t zero_point;
    int32_t low;
    int32_t high;
} ep_fully_connected_s8_dsp_params;

void ep_fully_connected_s8_dsp(const ep_fully_connected_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch);

#endif
