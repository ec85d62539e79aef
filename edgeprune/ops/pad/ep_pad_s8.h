/* PAD, int8, up to four dimensions. */
#ifndef EP_PAD_S8_H
#define EP_PAD_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t input_extent[4];
    int32_t output_extent[4];
    int32_t before[4]; /* padding in front, per dimension */
    int32_t value;
} ep_pad_s8_params;

void ep_pad_s8(const ep_pad_s8_params *p, const int8_t *input, int8_t *output, void *scratch);

#endif
