/* MAX_POOL_2D, int8, at least sixteen channels, for Neon. */
#ifndef EP_MAX_POOL_2D_S8_NEON_H
#define EP_MAX_POOL_2D_S8_NEON_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    int32_t low, high;
} ep_max_pool_2d_s8_neon_params;

void ep_max_pool_2d_s8_neon(const ep_max_pool_2d_s8_neon_params *p, const int8_t *input,
                            int8_t *output, void *scratch);

#endif
