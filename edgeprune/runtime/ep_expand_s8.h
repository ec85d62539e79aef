/* Columns of two pixels for ep_products_s8.h: int8 values become int16 pairs in the order that
 * SXTB16 yields, taps 0 and 2 of four, then 1 and 3; words of both pixels alternate. */
#ifndef EP_EXPAND_S8_H
#define EP_EXPAND_S8_H

#include "ep_dsp.h"

/* Expand `quads` times four values of both pixels; returns what lies behind the columns. */
int16_t *ep_expand_pair_s8(const int8_t *first, const int8_t *second, int32_t quads,
                           int16_t *columns);

/* Expand pixels of so many quads each that lie one behind the other, by pairs. */
void ep_expand_pixels_s8(const int8_t *pixels, int32_t quads, int32_t pairs, int16_t *columns);

#endif
