/* CONV_2D, int8, any shape, any core: the plain form that needs no working memory. */
#ifndef EP_CONV_2D_S8_H
#define EP_CONV_2D_S8_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const int8_t *weights; /* [out_c][filter_h][filter_w][group_c] */
    int32_t group_c;       /* input channels that one output channel sees */
    int32_t input_zero_point;
    ep_output_stage stage; /* the bias as stored: padding makes the zero point's share vary */
} ep_conv_2d_s8_params;

void ep_conv_2d_s8(const ep_conv_2d_s8_params *p, const int8_t *input, int8_t *output,
                   void *scratch);

#endif
