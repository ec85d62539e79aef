/* Matrix products of int8 for Helium: two pixels times four channels at a time.
 *
 * Each pixel is a stretch of memory, `rounds` times some blocks of 16 activations.  VMLADAVA sums
 * 16 products into one of eight registers.  Where the pixel is shorter than its blocks, the
 * weights there are 0, so what memory holds behind it does not matter as long as it can be read.
 *
 * The table holds for each four channels: 4 biases; per block 16 weights of each channel; 4
 * mantissas; 4 shifts, negative for shifts to the right, which all are. */
#ifndef EP_TILES_S8_H
#define EP_TILES_S8_H

#include "ep_runtime.h"

typedef struct {
    const int32_t *table;
    int32_t rounds;
    int32_t channels;
    int32_t zero_point;
    int32_t low;
    int32_t high;
    int32_t ties; /* not 0: outputs below the zero point matter, so negative ties go down */
} ep_tiles;

/* All channels of two pixels, which may be the same; the functions' names tell how many blocks
 * are in a round, and `once` that there is but one. */
typedef void (*ep_tiles_function)(const ep_tiles *t, const int8_t *const *pixels,
                                  int8_t *const *outputs);
void ep_tiles_s8_1(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_2(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_3(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_4(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_6(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_9(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_1_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_2_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_3_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_4_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_6_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);
void ep_tiles_s8_9_once(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs);

/* Write `count` times `size` bytes, `pitch` apart: what lies one after another at `from`, or one
 * value. */
void ep_spread_s8(int8_t *to, ptrdiff_t pitch, const int8_t *from, int32_t count, int32_t size);
void ep_spread_value_s8(int8_t *to, ptrdiff_t pitch, int32_t value, int32_t count, int32_t size);

#endif
