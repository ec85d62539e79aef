/* All filters times the columns of a band of pixels: ep_products_s8.h block by block.
 *
 * Scratch: one block of weights where they are copied (where flash makes the core wait, for each
 * pair of pixels reads them again); for fewer than four channels four bytes per pixel. */
#ifndef EP_MULTIPLY_BAND_S8_H
#define EP_MULTIPLY_BAND_S8_H

#include "ep_products_s8.h"

typedef struct {
    ep_products_s8 *products;
    ep_products_s8 *product; /* of a single pixel; NULL where there is none */
    const int16_t *weights;  /* blocks of four channels; the last may overlap the one before */
    const int32_t *stage;    /* 12 words per block */
    int32_t channels;
    int32_t steps; /* pairs of taps */
    int32_t copies_weights;
    int32_t scratch_bytes;
    int32_t zero_point;
    int32_t low, high; /* outputs are clamped to */
} ep_multiply_s8;

/* Outputs [count][channels] of `count` pixels, whose columns lie pair by pair; an odd last pixel
 * forms a pair with itself. */
void ep_multiply_band_s8(const ep_multiply_s8 *m, const int16_t *columns, int32_t count,
                         int8_t *output, void *scratch);

/* Clamp outputs [count][channels] to what is less than int8, which the products saturate to. */
void ep_clamp_band_s8(const ep_multiply_s8 *m, int8_t *output, int32_t count);

#endif
