/* Weighted sums of float32 over sliding windows: convolutions with any number of groups, depthwise
 * convolutions (a group per channel) and dense layers (one column of pixels, a window of one). */
#ifndef EP_CONVOLVE_F32_H
#define EP_CONVOLVE_F32_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    const float *weights; /* [out_c][filter_h][filter_w][group_c] */
    const float *bias;    /* [out_c] */
    int32_t group_c;      /* input channels that an output channel sees */
    float low, high;
} ep_convolve_f32_params;

void ep_convolve_f32(const ep_convolve_f32_params *p, const float *input, float *output,
                     void *scratch);

#endif
