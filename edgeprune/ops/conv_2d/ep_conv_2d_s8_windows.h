/* CONV_2D, int8, one group, few input channels, for cores with DSP and FPU.
 *
 * The input rows below a band of output rows are expanded to int16 once, and windows slide over
 * them: nothing is gathered.  The function that does so is made for the layer's sizes.
 *
 * Scratch: the expanded rows. */
#ifndef EP_CONV_2D_S8_WINDOWS_H
#define EP_CONV_2D_S8_WINDOWS_H

#include "ep_multiply_band_s8.h"
#include "ep_rows_s8.h"

typedef struct {
    ep_window window;
    ep_rows rows;
    int32_t band; /* output rows */
    ep_multiply_s8 multiply;
} ep_conv_2d_s8_windows_params;

void ep_conv_2d_s8_windows(const ep_conv_2d_s8_windows_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

#endif
