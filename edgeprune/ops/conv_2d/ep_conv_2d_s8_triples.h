/* CONV_2D, int8, one group, for cores without DSP extension.
 *
 * Three output pixels at a time: their input windows are packed into two columns of words (see
 * ep_triples_s8.h), then multiplied with all filters.  Taps outside the input hold the input's
 * zero point, whose share the bias carries.  The last pixels of an image stand for a missing
 * second or third, which then writes what the other one wrote.
 *
 * Scratch: the columns, 8 bytes for each weight of a filter, and a pixel of zero points. */
#ifndef EP_CONV_2D_S8_TRIPLES_H
#define EP_CONV_2D_S8_TRIPLES_H

#include "ep_place.h"
#include "ep_triples_s8.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    ep_triples triples;
} ep_conv_2d_s8_triples_params;

void ep_conv_2d_s8_triples(const ep_conv_2d_s8_triples_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

#endif
