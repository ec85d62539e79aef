/* MEAN, int8, over dimensions that lie together before at least sixteen channels, for Neon. */
#ifndef EP_MEAN_S8_NEON_H
#define EP_MEAN_S8_NEON_H

#include "ep_neon_s8.h"

typedef struct {
    int32_t images;
    int32_t taps; /* pixels that are averaged */
    int32_t channels;
    int32_t offset; /* the input's zero point, taken from every tap */
    int32_t mantissa, shift;
    ep_neon_output output;
} ep_mean_s8_neon_params;

void ep_mean_s8_neon(const ep_mean_s8_neon_params *p, const int8_t *input, int8_t *output,
                     void *scratch);

#endif
