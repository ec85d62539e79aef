/* MAXIMUM, float32, inputs of any shapes that broadcast. */
#ifndef EP_MAXIMUM_F32_H
#define EP_MAXIMUM_F32_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    ep_broadcast broadcast;
} ep_maximum_f32_params;

/* The output may lie over an input that has its shape. */
void ep_maximum_f32(const ep_maximum_f32_params *p, const float *first, const float *second,
                    float *output, void *scratch);

#endif
