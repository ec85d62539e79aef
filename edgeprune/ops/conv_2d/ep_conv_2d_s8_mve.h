/* CONV_2D, int8, one group, for Helium; FULLY_CONNECTED is its case of one tap.
 *
 * For each row of the output, the rows of the input under the filter are copied side by side into
 * `scratch`, zero points where they hang over.  There the part of a filter row that an output
 * pixel needs is one stretch of memory, so columns need not be dilated. */
#ifndef EP_CONV_2D_S8_MVE_H
#define EP_CONV_2D_S8_MVE_H

#include "ep_tiles_s8.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    int32_t before; /* bytes of a copied row left of the input */
    int32_t inside; /* bytes of the input in it */
    int32_t after;  /* bytes right of the input */
    ep_tiles_function multiply;
    ep_tiles tiles;
} ep_conv_2d_s8_mve_params;

void ep_conv_2d_s8_mve(const ep_conv_2d_s8_mve_params *p, const int8_t *input, int8_t *output,
                       void *scratch);

#endif
