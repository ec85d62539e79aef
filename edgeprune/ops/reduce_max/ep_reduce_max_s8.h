/* REDUCE_MAX, int8, along any axes. */
#ifndef EP_REDUCE_MAX_S8_H
#define EP_REDUCE_MAX_S8_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    ep_reduction reduction;
} ep_reduce_max_s8_params;

void ep_reduce_max_s8(const ep_reduce_max_s8_params *p, const int8_t *input, int8_t *output,
                      void *scratch);

#endif
