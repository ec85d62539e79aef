/* CONV_2D, int8, one group, for Helium.
 *
 * For each row of the output, the rows of the input under the filter are copied into `scratch`,
 * zero points where they hang over, in the order [column][filter row][channel].  There the window
 * of an output pixel is one stretch of memory, for which columns must not be dilated. */
#ifndef EP_CONV_2D_S8_MVE_H
#define EP_CONV_2D_S8_MVE_H

#include "ep_tiles_s8.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    int32_t before; /* columns left of the input */
    int32_t inside; /* columns of the input */
    int32_t after;  /* columns right of the input */
    ep_tiles_function multiply;
    ep_tiles tiles;
} ep_conv_2d_s8_mve_params;

void ep_conv_2d_s8_mve(const ep_conv_2d_s8_mve_params *p, const int8_t *input, int8_t *output,
                       void *scratch);

#endif
