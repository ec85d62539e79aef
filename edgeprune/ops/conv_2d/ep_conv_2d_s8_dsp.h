/* CONV_2D, int8, one group, for cores with the DSP extension.
 *
 * Two output pixels at a time: their input windows are gathered into int16 columns
 * (taps outside the input hold the input's zero point, whose share the bias carries),
 * then multiplied with all filters.  Scratch: two int16 columns, one int8 window. */
#ifndef EP_CONV_2D_S8_DSP_H
#define EP_CONV_2D_S8_DSP_H

#include "ep_columns_s8.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    ep_columns columns;
} ep_conv_2d_s8_dsp_params;

void ep_conv_2d_s8_dsp(const ep_conv_2d_s8_dsp_params *p, const int8_t *input, int8_t *output,
                       void *scratch);

#endif
