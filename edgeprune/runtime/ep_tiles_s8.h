/* Matrix products of int8 for Helium: two pixels times four channels at a time.
 *
 * Each pixel is a number of rows of memory, each of `rounds` times some blocks of 16 activations,
 * `skip` bytes apart.  VMLADAVA sums 16 products into one of eight registers.  Where a row is
 * shorter than its blocks, the weights there are 0, so what memory holds behind it does not matter
 * as long as it can be read.
 *
 * The table holds for each four channels: 4 biases; per row and block 16 weights of each channel;
 * 4 mantissas; 4 shifts, negative for shifts to the right, which all are. */
#ifndef EP_TILES_S8_H
#define EP_TILES_S8_H

#include "ep_runtime.h"

typedef struct {
    const int32_t *table;
    int32_t rows;
    int32_t rounds; /* of the loop over blocks in a row */
    int32_t skip;
    int32_t channels;
    int32_t zero_point;
    int32_t low;
    int32_t high;
    int32_t ties; /* not 0: outputs below the zero point matter, so negative ties go down */
} ep_tiles;

/* All channels of two pixels, which may be the same; the functions' names tell how many blocks
 * are in a round, and `row` that a row has no other round. */
typedef void (*ep_tiles_function)(const ep_tiles *t, const int8_t *const *pixels,
                                  int8_t *const *outputs);
void ep_tiles_s8_1(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_2(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_3(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_4(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_1_row(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_2_row(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_3_row(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_4_row(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);

/* memcpy and memset, 16 bytes at a time; they return the end of what was written. */
int8_t *ep_copy_s8_mve(int8_t *to, const int8_t *from, int32_t count);
int8_t *ep_fill_s8_mve(int8_t *to, int32_t value, int32_t count);

#endif
