/* Any function of int16, by interpolation in a table of 512 pieces. */
#ifndef EP_INTERPOLATE_S16_H
#define EP_INTERPOLATE_S16_H

#include "ep_runtime.h"

typedef struct {
    const int16_t *table; /* [513], outputs for the inputs -32768, -32640, ... */
    int32_t count;
} ep_interpolate_s16_params;

/* The output may lie over the input. */
void ep_interpolate_s16(const ep_interpolate_s16_params *p, const int16_t *input, int16_t *output,
                        void *scratch);

#endif
