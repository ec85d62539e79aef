/* MINIMUM, int16, inputs of any shapes that broadcast. */
#ifndef EP_MINIMUM_S16_H
#define EP_MINIMUM_S16_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    ep_broadcast broadcast;
} ep_minimum_s16_params;

/* The output may lie over an input that has its shape. */
void ep_minimum_s16(const ep_minimum_s16_params *p, const int16_t *first, const int16_t *second,
                    int16_t *output, void *scratch);

#endif
