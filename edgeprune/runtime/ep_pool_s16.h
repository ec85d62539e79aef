/* AVERAGE_POOL_2D and MAX_POOL_2D, int16. */
#ifndef EP_POOL_S16_H
#define EP_POOL_S16_H

#include "ep_runtime.h"

typedef struct {
    ep_window window; /* dilation 1 */
    int average;      /* else the maximum */
    int32_t low, high;
} ep_pool_s16_params;

void ep_pool_s16(const ep_pool_s16_params *p, const int16_t *input, int16_t *output, void *scratch);

#endif
