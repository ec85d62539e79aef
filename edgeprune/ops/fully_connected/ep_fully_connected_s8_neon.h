/* FULLY_CONNECTED, int8, for Neon: filters times rows, see ep_neon_panels_s8.h. */
#ifndef EP_FULLY_CONNECTED_S8_NEON_H
#define EP_FULLY_CONNECTED_S8_NEON_H

#include "ep_neon_panels_s8.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t copied_bytes; /* of a row in scratch, where its words are not whole; else 0 */
    ep_neon_panels panels;
} ep_fully_connected_s8_neon_params;

void ep_fully_connected_s8_neon(const ep_fully_connected_s8_neon_params *p, const int8_t *input,
                                int8_t *output, void *scratch);

#endif
