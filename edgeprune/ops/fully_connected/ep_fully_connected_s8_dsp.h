/* FULLY_CONNECTED, int8, for cores with the DSP extension.  Scratch: one int16 column. */
#ifndef EP_FULLY_CONNECTED_S8_DSP_H
#define EP_FULLY_CONNECTED_S8_DSP_H

#include "ep_columns_s8.h"

typedef struct {
    int32_t rows;  /* input vectors */
    int32_t depth; /* elements of each, before padding to columns.depth */
    ep_columns columns;
} ep_fully_connected_s8_dsp_params;

void ep_fully_connected_s8_dsp(const ep_fully_connected_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch);

#endif
