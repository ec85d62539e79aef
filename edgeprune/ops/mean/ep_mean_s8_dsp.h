/* MEAN, int8, for cores with the DSP extension: over dimensions that lie together before the
 * innermost kept ones, which hold 4 values or more. */
#ifndef EP_MEAN_S8_DSP_H
#define EP_MEAN_S8_DSP_H

#include "ep_pool_s8.h"

typedef struct {
    int32_t images;
    int32_t taps; /* pixels of an image, all of which are averaged */
    int32_t channels;
    int32_t offset;   /* minus the input zero point times the taps */
    int32_t mantissa; /* the division by the taps is folded in */
    int32_t shift;
    int32_t zero_point;
} ep_mean_s8_dsp_params;

void ep_mean_s8_dsp(const ep_mean_s8_dsp_params *p, const int8_t *input, int8_t *output,
                    void *scratch);

#endif
