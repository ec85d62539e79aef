/* DEPTHWISE_CONV_2D, int8, multiplier 1, for cores with the DSP extension.
 *
 * Four channels at a time, two taps per SMLAD: the bytes of two taps are expanded and
 * packed so that each word holds one channel's pair of taps.  Taps are reached through
 * pointers; those outside the input point to a row of zero points, whose share the bias
 * carries, so the inner loop knows no borders.
 *
 * Scratch: the tap pointers, then the row of in_c zero points. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_DSP_H
#define EP_DEPTHWISE_CONV_2D_S8_DSP_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    /* [blocks of 4 channels][pairs of taps][channel 0, 2, 1, 3][first, second tap];
     * channels and taps that fill up a block or a pair are zero. */
    const int16_t *weights;
    int32_t pairs;
    int32_t input_zero_point;
    ep_output_stage stage; /* the bias holds the input zero point's share */
} ep_depthwise_conv_2d_s8_dsp_params;

void ep_depthwise_conv_2d_s8_dsp(const ep_depthwise_conv_2d_s8_dsp_params *p, const int8_t *input,
                                 int8_t *output, void *scratch);

#endif
