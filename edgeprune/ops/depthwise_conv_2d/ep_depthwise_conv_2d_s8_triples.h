/* DEPTHWISE_CONV_2D, int8, any shape and multiplier, for cores without DSP extension.
 *
 * Three output pixels at a time, which share the loads of weights.  For each tap of the window
 * `scratch` gets the addresses of the three input pixels and of the tap's weights, so that the
 * loop over channels knows nothing of borders: a tap outside the input points to a pixel of zero
 * points, whose share the bias carries. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_TRIPLES_H
#define EP_DEPTHWISE_CONV_2D_S8_TRIPLES_H

#include "ep_place.h"
#include "ep_scalar_stage.h"

/* One tap of the windows of three pixels. */
typedef struct {
    const int8_t *pixels[3];
    const int8_t *weights;
} ep_depthwise_tap;

typedef struct {
    ep_scalar_stage stage;
    int32_t taps;       /* of the window */
    int32_t rest;       /* taps modulo 3 */
    int32_t multiplier; /* output channels per input channel */
    int32_t input_zero_point;
    const int8_t *weights; /* [filter_h][filter_w][out_c] */
    ep_window window;
} ep_depthwise_conv_2d_s8_triples_params;

void ep_depthwise_conv_2d_s8_triples(const ep_depthwise_conv_2d_s8_triples_params *p,
                                     const int8_t *input, int8_t *output, void *scratch);

/* All channels of three output pixels, some of which may be the same. */
void ep_depthwise_triple_s8(const ep_depthwise_conv_2d_s8_triples_params *p,
                            const ep_depthwise_tap *taps, int8_t *const *outputs);

#endif
