/* Weight transform of the Winograd convolution F(4x4, 3x3): U = G g G^T for 3x3 filters g.
 *
 *       |1  0  0|
 *       |1  1  1|
 *   G = |1 -1  1|     what this lacks of a convolution is in the output transform;
 *       |1  2  4|     |U| is at most 49 * 127 and fits 16 bits
 *       |1 -2  4|
 *       |0  0  1|                                                                              */
#ifndef EP_CONV_2D_S8_WINOGRAD_WEIGHTS_H
#define EP_CONV_2D_S8_WINOGRAD_WEIGHTS_H

#include <stdint.h>

/* Transform one output channel's filters.
 *
 * `taps` is [four input channels][9 taps][4] int8, aligned to 4.  `u` takes `pairs` records of
 * 36 words, 288 bytes apart; a word holds channels 0 and 2 of four, or in the next record 1
 * and 3. */
void ep_winograd_weights(const int8_t *taps, uint8_t *u, int32_t pairs);

#endif
