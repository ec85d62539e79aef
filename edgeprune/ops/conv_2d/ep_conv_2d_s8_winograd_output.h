/* Output transform of the Winograd convolution F(4x4, 3x3), and requantization.
 *
 * For sums M made with the integer weights of ep_conv_2d_s8_winograd_weights.h,
 *
 *         |6 -4 -4 1  1  0|
 *   A^T = |0 -4  4 2 -2  0|     A^T M A = 576 y,
 *         |0 -4 -4 4  4  0|
 *         |0 -4  4 8 -8 24|
 *
 * y being 4x4 outputs of the convolution.  Rows and columns are computed without their common
 * factors 1, 2, 4 and 4.  What is left of 576 = 9 * 64 is divided out exactly: 9 by its
 * inverse modulo 2^32, the rest by a shift, so 64 y must fit 32 bits and M may wrap. */
#ifndef EP_CONV_2D_S8_WINOGRAD_OUTPUT_H
#define EP_CONV_2D_S8_WINOGRAD_OUTPUT_H

#include <stdint.h>

/* Where four by four outputs go; distances in bytes.  A tile that hangs over the edge of the
 * output goes to a place aside, from where `rows` by `columns` outputs are copied `home`. */
typedef struct {
    int8_t *corner;       /* of the channel that is next */
    int32_t row_bytes;    /* from row to row */
    int32_t pixel_bytes;  /* from column to column */
    int32_t channel_step; /* from channel to channel */
    int8_t *home;
    int16_t rows;
    int16_t columns;
} ep_winograd_tile;

/* What makes int8 of the outputs of one channel. */
typedef struct {
    int32_t bias;
    int32_t factor; /* as in ep_requantize.h, and so scale */
    int32_t scale;
    int32_t zero_point;
    int32_t row_step; /* from row to row of the sums, in bytes */
} ep_winograd_stage;

typedef void ep_winograd_output(const uint8_t *sums, ep_winograd_tile *tiles, int32_t count,
                                const ep_winograd_stage *stage);

/* All 16 outputs of each of `count` tiles, whose corners then are those of the next channel.
 * Row i of the first tile's sums, six words, is at `sums` + i * row_step; the next tile's lies
 * behind it. */
ep_winograd_output ep_winograd_output_any;

/* The same where the lower clamp is at or above the zero point. */
ep_winograd_output ep_winograd_output_relu;

#endif
