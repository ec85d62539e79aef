/* Weighted sums of int16 values with int8 weights (int16x8) over sliding windows: convolutions
 * with any number of groups, depthwise convolutions (a group per channel) and dense layers (one
 * column of pixels, a window of one).  Zero points are 0. */
#ifndef EP_CONVOLVE_S16_H
#define EP_CONVOLVE_S16_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const int8_t *weights;     /* [out_c][filter_h][filter_w][group_c] */
    const int64_t *bias;       /* [out_c] */
    const int16_t *multiplier; /* [out_c], the upper 15 bits of the mantissa */
    const int8_t *shift;       /* [out_c], to the right, 8 to 46 */
    int32_t group_c;           /* input channels that an output channel sees */
    int32_t low, high;
} ep_convolve_s16_params;

void ep_convolve_s16(const ep_convolve_s16_params *p, const int16_t *input, int16_t *output,
                     void *scratch);

#endif
