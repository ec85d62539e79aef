/* DEPTHWISE_CONV_2D, int8, any shape and multiplier, any core. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_H
#define EP_DEPTHWISE_CONV_2D_S8_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const int8_t *weights; /* [filter_h][filter_w][out_c] */
    int32_t multiplier;    /* output channels per input channel */
    int32_t input_zero_point;
    ep_output_stage stage; /* the bias as stored */
} ep_depthwise_conv_2d_s8_params;

void ep_depthwise_conv_2d_s8(const ep_depthwise_conv_2d_s8_params *p, const int8_t *input,
                             int8_t *output, void *scratch);

#endif
