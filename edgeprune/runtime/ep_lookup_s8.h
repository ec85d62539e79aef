/* Any operator that maps each value of eight bits to another, through a table of all 256 outputs.
 */
#ifndef EP_LOOKUP_S8_H
#define EP_LOOKUP_S8_H

#include "ep_runtime.h"

typedef struct {
    const uint8_t *table; /* [256], by the input's byte taken as unsigned */
    int32_t count;
} ep_lookup_s8_params;

/* The output may lie over the input. */
void ep_lookup_s8(const ep_lookup_s8_params *p, const void *input, void *output, void *scratch);

#endif
