/* CONV_2D, int8, 3x3, stride 1, one group, for cores with the DSP extension: exact integer
 * Winograd F(4x4, 3x3), which takes 36 products where a direct convolution takes 144.
 *
 * Six input rows at a time are copied into a band with its borders filled.  Each 6x6 patch of
 * the band, four columns and rows apart, is transformed (..._input.h) until `batch_tiles` of
 * them are there.  Then, two output channels at a time, their weights are transformed
 * (..._weights.h) unless they lie transformed in flash, multiplied with four patches at a
 * time (..._product.h, ..._unrolled.h), and the sums become 4x4 tiles of output (..._output.h).
 *
 * A tile row's outputs are written only after its band is filled, and bands keep the two rows
 * that they share, so the output may lie over the input where it is no wider.
 *
 * Scratch: the band [6][4 * tile columns + 2][depth], columns in transformation [6][18] words,
 * six rows of V for all tiles of the batch with 48 words for sums behind each, U of two
 * output channels unless it is in flash, one ep_winograd_tile per tile of the batch. */
#ifndef EP_CONV_2D_S8_WINOGRAD_H
#define EP_CONV_2D_S8_WINOGRAD_H

#include "ep_conv_2d_s8_winograd_output.h"
#include "ep_conv_2d_s8_winograd_product.h"
#include "ep_conv_2d_s8_winograd_unrolled.h"
#include "ep_runtime.h"

typedef struct {
    ep_window window;
    int32_t input_zero_point;
    int32_t depth;       /* in_c, made a multiple of 4: weights of the channels behind are zero */
    int32_t batch_tiles; /* a multiple of 4 */
    const int8_t *taps;  /* [out_c][depth / 4][9][4], or NULL */
    const int16_t *transformed; /* U: [out_c / 2][36][depth / 2][2][2], or NULL */
    const int32_t *bias;        /* for inputs q + 128 */
    const int32_t *factor;      /* as in ep_requantize.h, and so scale */
    const int32_t *scale;
    ep_winograd_product *product;
    ep_winograd_output *finish;
    int32_t output_zero_point;
    int32_t low;
    int32_t high;
} ep_conv_2d_s8_winograd_params;

void ep_conv_2d_s8_winograd(const ep_conv_2d_s8_winograd_params *p, const int8_t *input,
                            int8_t *output, void *scratch);

#endif
