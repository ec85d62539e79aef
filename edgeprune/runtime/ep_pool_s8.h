/* Averages, maxima and sums over the taps of a window, per channel, of int8 images in NHWC order.
 *
 * Four channels lie in a word.  Sums are kept as pairs of int16, so averages have at most 255
 * taps, and become outputs by
 *
 *     out = clamp(saturate((offset + floor(factor * (sum - (sum < 0) * away) / 65536)) >> 14))
 *
 * whose parameters are fitted and proved in edgeprune/ops/pooled.py. */
#ifndef EP_POOL_S8_H
#define EP_POOL_S8_H

#include "ep_runtime.h"

/* Bounds of the output, each in four bytes. */
typedef struct {
    uint32_t low;
    uint32_t high;
} ep_bounds;

/* A pooling layer of 4 or more channels. */
typedef struct {
    ep_window window;
    ep_bounds bounds;
    int32_t fewest;          /* taps that lie inside the image at any position */
    const int32_t *averages; /* factor, offset and minus `away` in both halves of a word, per
                                number of taps; NULL for maxima */
} ep_pool;

void ep_pool_s8(const ep_pool *p, const int8_t *input, int8_t *output);

enum { EP_SUM_CHANNELS = 16 };

/* Sums of up to 16 channels, 4 at least, over any number of taps that are `step` bytes apart. */
void ep_sum_taps_s8(const int8_t *first, int32_t taps, int32_t step, int32_t channels,
                    int32_t sums[EP_SUM_CHANNELS]);

#endif
