/* SOFTMAX, float32. */
#ifndef EP_SOFTMAX_F32_H
#define EP_SOFTMAX_F32_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows, depth;
    float beta;
} ep_softmax_f32_params;

/* The output may lie over the input. */
void ep_softmax_f32(const ep_softmax_f32_params *p, const float *input, float *output,
                    void *scratch);

#endif
