/* CONV_2D, int8, one group, input channels a multiple of 4, for cores with DSP and FPU.
 *
 * A band of output pixels is taken at a time: the input windows of two and two are expanded into
 * interleaved int16 columns (taps outside the input hold the input's zero point, whose share the
 * bias carries), then each block of four filters is multiplied with all columns of the band.
 *
 * Scratch: columns of the band; what ep_multiply_band_s8 needs; a filter row of zero points. */
#ifndef EP_CONV_2D_S8_COLUMNS_H
#define EP_CONV_2D_S8_COLUMNS_H

#include "ep_multiply_band_s8.h"
#include "ep_runtime.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    int32_t band; /* pixels, even */
    ep_multiply_s8 multiply;
} ep_conv_2d_s8_columns_params;

void ep_conv_2d_s8_columns(const ep_conv_2d_s8_columns_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

#endif
