/* Input transform of the Winograd convolution F(4x4, 3x3): V = B^T d B for 6x6 patches d.
 *
 *         |4  0 -5  0  1  0|
 *         |0 -4 -4  1  1  0|
 *   B^T = |0  4 -4 -1  1  0|
 *         |0 -2 -1  2  1  0|
 *         |0  2 -1 -2  1  0|
 *         |0  4  0 -5  0  1|
 *
 * Two channels travel in one word.  Activations become u = q + 128, 0 to 255, so that a word
 * is the number u_low + 65536 * u_high and stays so, modulo 2^32, under any sum with integer
 * factors: one ADD or SUB, with its free shift, works on both channels.  Only at the end is
 * the borrow of a negative low half given back: adding 0x8000 makes the low half positive,
 * and flipping that bit makes it what it was.  |V| is at most 17,340 and fits 16 bits.
 *
 * Patches overlap by two columns, so columns are transformed first, each once, into
 * [6][EP_WINOGRAD_COLUMNS] words, and then the rows of up to four patches side by side. */
#ifndef EP_CONV_2D_S8_WINOGRAD_INPUT_H
#define EP_CONV_2D_S8_WINOGRAD_INPUT_H

#include <stdint.h>

/* Columns of four patches side by side. */
#define EP_WINOGRAD_COLUMNS 18

/* B^T times columns of six pixels: channels 0 and 2 of the four at `pixels`.  `row_bytes` and
 * `pixel_bytes` lead to the next row and to the next column. */
void ep_winograd_columns_even(const int8_t *pixels, uint32_t *columns, int32_t row_bytes,
                              int32_t pixel_bytes, int32_t count);

/* The same for channels 1 and 3. */
void ep_winograd_columns_odd(const int8_t *pixels, uint32_t *columns, int32_t row_bytes,
                             int32_t pixel_bytes, int32_t count);

/* Columns times B, for `patches` patches.  Row i of the first patch's V, six words, goes to
 * `values` + i * row_step bytes; the next patch's lies behind it. */
void ep_winograd_rows(const uint32_t *columns, uint8_t *values, int32_t row_step, int32_t patches);

#endif
