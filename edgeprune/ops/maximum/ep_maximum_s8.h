/* MAXIMUM, int8, inputs of any shapes that broadcast. */
#ifndef EP_MAXIMUM_S8_H
#define EP_MAXIMUM_S8_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    ep_broadcast broadcast;
} ep_maximum_s8_params;

/* The output may lie over an input that has its shape. */
void ep_maximum_s8(const ep_maximum_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch);

#endif
