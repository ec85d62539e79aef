/* Any function of int16, by interpolation in a table of 512 pieces. */
#ifndef EP_INTERPOLATE_S16_H
#define EP_INTERPOLATE_S16_H

#include "ep_runtime.h"

typedef struct {
    const int16_t *table; /* [513], outputs for the inputs -32768, -32640, ... */
    int32_t count;
} ep_interpolate_s16_params;

static inline int16_t ep_interpolated(const int16_t *table, int32_t value) {
    const int16_t *piece = table + 256 + (value >> 7);
    /* The slope is kept in 16 bits, as the reference keeps it. */
    const int32_t slope = (int16_t)(piece[1] - piece[0]);
    return (int16_t)(piece[0] + ((slope * (value & 0x7f) + 64) >> 7));
}

/* The output may lie over the input. */
void ep_interpolate_s16(const ep_interpolate_s16_params *p, const int16_t *input, int16_t *output,
                        void *scratch);

#endif
