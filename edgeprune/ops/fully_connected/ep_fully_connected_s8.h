/* FULLY_CONNECTED, int8, any core. */
#ifndef EP_FULLY_CONNECTED_S8_H
#define EP_FULLY_CONNECTED_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows;          /* input vectors */
    int32_t depth;         /* elements of each */
    int32_t channels;      /* outputs of each */
    const int8_t *weights; /* [channels][depth] */
    ep_output_stage stage; /* the bias holds the input zero point's share */
} ep_fully_connected_s8_params;

void ep_fully_connected_s8(const ep_fully_connected_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

#endif
