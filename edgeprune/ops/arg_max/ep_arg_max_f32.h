/* ARG_MAX and ARG_MIN, float32: the place of the first greatest or least value along one axis. */
#ifndef EP_ARG_MAX_F32_H
#define EP_ARG_MAX_F32_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    float sign;             /* -1 for the least value */
    int32_t wide;           /* 1 where outputs are int64, 0 where they are int32 */
    ep_reduction reduction; /* along reduced_inner only */
} ep_arg_max_f32_params;

void ep_arg_max_f32(const ep_arg_max_f32_params *p, const float *input, void *output,
                    void *scratch);

#endif
