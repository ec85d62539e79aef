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
    int32_t scale;  /* 2^(32 + shift) where the two steps of ep_requantize.h can do it, else 0 */
    int32_t factor; /* and the doubled mantissa, less 2^32 if `whole` is -1, else it is 0 */
    int32_t whole;
} ep_mean_s8_dsp_params;

void ep_mean_s8_dsp(const ep_mean_s8_dsp_params *p, const int8_t *input, int8_t *output,
                    void *scratch);

#endif
