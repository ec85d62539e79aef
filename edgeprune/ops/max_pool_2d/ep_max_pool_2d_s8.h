/* MAX_POOL_2D, int8. */
#ifndef EP_MAX_POOL_2D_S8_H
#define EP_MAX_POOL_2D_S8_H

#include "ep_runtime.h"

typedef struct {
    ep_window window;
    int32_t low;
    int32_t high;
} ep_max_pool_2d_s8_params;

void ep_max_pool_2d_s8(const ep_max_pool_2d_s8_params *p, const int8_t *input, int8_t *output,
                       void *scratch);

#endif
