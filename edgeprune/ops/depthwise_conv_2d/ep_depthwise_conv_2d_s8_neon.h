/* DEPTHWISE_CONV_2D, int8, one output channel per input channel, for Neon: sixteen channels at a
 * time.
 *
 * Any window: products of two taps are added in 16 bits before they join the sums, which is safe
 * unless both weights are -128.  Windows of 3x3 that move by one, on cores with SDOT: the window
 * goes down a column of the image; each row of three pixels is interleaved by channel once, and
 * then has a part in the three outputs that see it. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_NEON_H
#define EP_DEPTHWISE_CONV_2D_S8_NEON_H

#include "ep_neon_frame_s8.h"
#include "ep_neon_s8.h"

typedef struct {
    ep_window window;
    ep_neon_frame frame;
    const int8_t *weights;     /* per block of 16 channels: [tap][16] */
    const int8_t *interleaved; /* per block: [row][16][3 and a zero]; NULL but for 3x3 by one */
    const int32_t *stage;   /* per block: bias[16] with the input's zero point, mantissa, shift */
    const int32_t *offsets; /* of the taps */
    int32_t taps;
    int32_t paired; /* whether no weight is -128 */
    ep_neon_output output;
} ep_depthwise_conv_2d_s8_neon_params;

void ep_depthwise_conv_2d_s8_neon(const ep_depthwise_conv_2d_s8_neon_params *p, const int8_t *input,
                                  int8_t *output, void *scratch);

#endif
