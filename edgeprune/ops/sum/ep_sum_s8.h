/* SUM, int8, along any axes. */
#ifndef EP_SUM_S8_H
#define EP_SUM_S8_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    float scale;  /* of the input, over the output's */
    float offset; /* of the input's zero point, in steps of the output */
    int32_t zero_point;
    ep_reduction reduction;
} ep_sum_s8_params;

void ep_sum_s8(const ep_sum_s8_params *p, const int8_t *input, int8_t *output, void *scratch);

#endif
