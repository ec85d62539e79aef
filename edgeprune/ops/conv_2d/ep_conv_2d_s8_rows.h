/* CONV_2D, int8, one group, any number of input channels, for cores with DSP and FPU.
 *
 * The input rows below a band of output rows are expanded to int16 once; columns of pixel pairs
 * are copied from them, row by row of the window, each row an even number of taps (the odd one
 * out is multiplied with 0).
 *
 * Scratch: columns of the band; the expanded rows; what ep_multiply_band_s8 needs. */
#ifndef EP_CONV_2D_S8_ROWS_H
#define EP_CONV_2D_S8_ROWS_H

#include "ep_multiply_band_s8.h"
#include "ep_rows_s8.h"

typedef struct {
    ep_window window;
    ep_rows rows;
    int32_t band; /* output rows */
    ep_multiply_s8 multiply;
} ep_conv_2d_s8_rows_params;

void ep_conv_2d_s8_rows(const ep_conv_2d_s8_rows_params *p, const int8_t *input, int8_t *output,
                        void *scratch);

#endif
