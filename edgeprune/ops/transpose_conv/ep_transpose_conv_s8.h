/* TRANSPOSE_CONV, int8.
 *
 * Each output gathers the taps that reach it, every stride-th one, so that nothing is scattered and
 * no memory for sums is needed.  The window is that of the convolution which this one transposes:
 * its in_h, in_w and in_c are this one's output, its out_h, out_w and out_c this one's input. */
#ifndef EP_TRANSPOSE_CONV_S8_H
#define EP_TRANSPOSE_CONV_S8_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const int8_t *weights; /* [out_c][filter_h][filter_w][in_c] */
    ep_output_stage stage;
    int32_t input_zero_point;
} ep_transpose_conv_s8_params;

void ep_transpose_conv_s8(const ep_transpose_conv_s8_params *p, const int8_t *input, int8_t *output,
                          void *scratch);

#endif
