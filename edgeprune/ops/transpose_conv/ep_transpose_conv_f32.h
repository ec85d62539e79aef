/* TRANSPOSE_CONV, float32.
 *
 * Each output gathers the taps that reach it, every stride-th one, so that nothing is scattered and
 * no memory for sums is needed.  The window is that of the convolution which this one transposes:
 * its in_h, in_w and in_c are this one's output, its out_h, out_w and out_c this one's input. */
#ifndef EP_TRANSPOSE_CONV_F32_H
#define EP_TRANSPOSE_CONV_F32_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const float *weights; /* [out_c][filter_h][filter_w][in_c] */
    const float *bias;
    float low;
    float high;
} ep_transpose_conv_f32_params;

void ep_transpose_conv_f32(const ep_transpose_conv_f32_params *p, const float *input, float *output,
                           void *scratch);

#endif
