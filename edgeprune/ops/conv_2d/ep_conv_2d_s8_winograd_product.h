/* The products of the Winograd convolution F(4x4, 3x3): for each of the 36 places of a
 * transformed patch the sum over all channels of V times U, for four patches and two output
 * channels at once.
 *
 * One word holds a pair of channels.  V comes in six rows, `row_step` bytes apart, each
 * [pair][patch 0-3][6] words; U is [pair][output channel 0-1][36] words; the sums go into
 * rows like V's, [output channel 0-1][patch 0-3][6] words.
 *
 * Sums wrap modulo 2^32, which does no harm: the convolution that they stand for fits.
 *
 * Few pairs need no loop: a function each for 2, 4, 6 and 8.  More take 4, 6 or 8 and then
 * rounds of 6 (_looped), which with all else is below 1 KB, so that a cache can hold it. */
#ifndef EP_CONV_2D_S8_WINOGRAD_PRODUCT_H
#define EP_CONV_2D_S8_WINOGRAD_PRODUCT_H

#include <stdint.h>

/* Distances in bytes. */
typedef struct {
    int32_t sums;     /* from the end of V's row to the sums of that row */
    int32_t v_back;   /* from one place behind V's row to its end */
    int32_t u_back;   /* from one place behind U to its end */
    int32_t row_step; /* from row to row of V, and of the sums */
} ep_winograd_steps;

typedef void ep_winograd_product(const uint8_t *v, const uint8_t *u,
                                 const ep_winograd_steps *steps);

ep_winograd_product ep_winograd_product_2;
ep_winograd_product ep_winograd_product_4;
ep_winograd_product ep_winograd_product_6;
ep_winograd_product ep_winograd_product_8;
ep_winograd_product ep_winograd_product_4_looped;
ep_winograd_product ep_winograd_product_6_looped;
ep_winograd_product ep_winograd_product_8_looped;

#endif
