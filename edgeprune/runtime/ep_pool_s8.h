/* Averages and maxima over the taps of a window, per channel, of int8 images in NHWC order.
 *
 * Four channels lie in a word.  Sums are kept as pairs of int16, so a window has at most 255
 * taps, and become outputs by
 *
 *     out = clamp(saturate((offset + floor(factor * (sum - (sum < pivot) * away) / 65536)) >> 14))
 *
 * whose parameters are fitted and proved in edgeprune/ops/pooled.py. */
#ifndef EP_POOL_S8_H
#define EP_POOL_S8_H

#include "ep_runtime.h"

/* The part of a window that lies inside the image. */
typedef struct {
    int32_t columns;
    int32_t rows;
    int32_t step; /* bytes from one column to the next */
    int32_t skip; /* bytes from behind a row's last column to the next row's first */
} ep_taps;

typedef struct {
    int32_t factor;
    int32_t offset;
    uint32_t pivot; /* in both halves */
    uint32_t away;  /* minus `away`, in both halves */
} ep_average;

/* Bounds of the output, each in four bytes. */
typedef struct {
    uint32_t low;
    uint32_t high;
} ep_bounds;

/* One output pixel of 4 or more channels from the window whose first tap is given. */
void ep_average_taps_s8(const ep_taps *taps, const ep_average *average, const ep_bounds *bounds,
                        const int8_t *first, int32_t channels, int8_t *output);

void ep_max_taps_s8(const ep_taps *taps, const ep_bounds *bounds, const int8_t *first,
                    int32_t channels, int8_t *output);

/* Taps of the window at an output position; `first` is set to its first tap in the image. */
ep_taps ep_taps_at(const ep_window *w, const int8_t *image, int32_t row, int32_t column,
                   const int8_t **first);

#endif
