/* FULLY_CONNECTED, int8, for cores without DSP extension: four channels share an activation. */
#ifndef EP_FULLY_CONNECTED_S8_FOURS_H
#define EP_FULLY_CONNECTED_S8_FOURS_H

#include "ep_scalar_stage.h"

typedef struct {
    ep_scalar_stage stage;
    int32_t depth;
    const int8_t *weights; /* [fours of channels][depth][4] */
    int32_t rows;
} ep_fully_connected_s8_fours_params;

void ep_fully_connected_s8_fours(const ep_fully_connected_s8_fours_params *p, const int8_t *input,
                                 int8_t *output, void *scratch);

/* One row of the input. */
void ep_fully_connected_row_s8(const ep_fully_connected_s8_fours_params *p, const int8_t *input,
                               int8_t *output);

#endif
