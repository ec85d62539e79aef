/* FULLY_CONNECTED, int8, for Helium: two rows of the input at a time, copied to `scratch`, behind
 * which the last vector may read. */
#ifndef EP_FULLY_CONNECTED_S8_MVE_H
#define EP_FULLY_CONNECTED_S8_MVE_H

#include "ep_tiles_s8.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    ep_tiles_function multiply;
    ep_tiles tiles;
} ep_fully_connected_s8_mve_params;

void ep_fully_connected_s8_mve(const ep_fully_connected_s8_mve_params *p, const int8_t *input,
                               int8_t *output, void *scratch);

#endif
