/* L2_NORMALIZATION, int8, along the last dimension. */
#ifndef EP_L2_NORMALIZATION_S8_H
#define EP_L2_NORMALIZATION_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t zero_point; /* of the input; the output's is 0 and its scale 1/128 */
} ep_l2_normalization_s8_params;

/* The output may lie over the input. */
void ep_l2_normalization_s8(const ep_l2_normalization_s8_params *p, const int8_t *input,
                            int8_t *output, void *scratch);

#endif
