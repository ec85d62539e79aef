/* DEPTHWISE_CONV_2D, int8, one output channel per input channel, for Helium: 16 channels at a time.
 *
 * For each output pixel `scratch` gets the addresses of the input pixels under the window, outside
 * the input that of a pixel of zero points, whose share the bias carries.  The products of two taps
 * fit 16 bits together; they are widened and summed in four vectors, which hold every fourth
 * channel from 0, 2, 1 and 3 on, as widening bottom and top halves twice leaves them.  An odd
 * window has one tap more, whose weights are 0. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_MVE_H
#define EP_DEPTHWISE_CONV_2D_S8_MVE_H

#include "ep_place.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    int32_t pairs;         /* of taps */
    const int8_t *weights; /* [sixteens of channels][pairs][2][16] */
    const int32_t *stage;  /* [sixteens of channels][bias, mantissa, shift][16], ordered as sums */
    int32_t zero_point;
    int32_t low;
    int32_t high;
    int32_t ties; /* not 0: outputs below the zero point matter, so negative ties go down */
} ep_depthwise_conv_2d_s8_mve_params;

void ep_depthwise_conv_2d_s8_mve(const ep_depthwise_conv_2d_s8_mve_params *p, const int8_t *input,
                                 int8_t *output, void *scratch);

#endif
