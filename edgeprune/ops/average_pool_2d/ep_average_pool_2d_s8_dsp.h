/* AVERAGE_POOL_2D, int8, for cores with the DSP extension; 4 channels or more. */
#ifndef EP_AVERAGE_POOL_2D_S8_DSP_H
#define EP_AVERAGE_POOL_2D_S8_DSP_H

#include "ep_pool_s8.h"

typedef struct {
    ep_pool pool;
} ep_average_pool_2d_s8_dsp_params;

void ep_average_pool_2d_s8_dsp(const ep_average_pool_2d_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch);

#endif
