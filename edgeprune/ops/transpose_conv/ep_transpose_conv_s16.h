/* TRANSPOSE_CONV, int16, int8 weights.
 *
 * Each output gathers the taps that reach it, every stride-th one, so that nothing is scattered and
 * no memory for sums is needed.  The window is that of the convolution which this one transposes:
 * its in_h, in_w and in_c are this one's output, its out_h, out_w and out_c this one's input. */
#ifndef EP_TRANSPOSE_CONV_S16_H
#define EP_TRANSPOSE_CONV_S16_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const int8_t *weights; /* [out_c][filter_h][filter_w][in_c] */
    const int64_t *bias;
    const int16_t *multiplier; /* the upper 15 bits of the mantissa */
    const int8_t *shift;       /* to the right, 8 to 46 */
    int32_t low;
    int32_t high;
} ep_transpose_conv_s16_params;

void ep_transpose_conv_s16(const ep_transpose_conv_s16_params *p, const int16_t *input,
                           int16_t *output, void *scratch);

#endif
