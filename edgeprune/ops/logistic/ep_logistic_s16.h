/* LOGISTIC, int16, by interpolation in a table of the sigmoid function. */
#ifndef EP_LOGISTIC_S16_H
#define EP_LOGISTIC_S16_H

#include "ep_runtime.h"

typedef struct {
    const uint16_t *table; /* [256], sigmoid(i / 24) in steps of 2^-16 */
    int32_t count;
    int32_t multiplier; /* brings inputs to 1 / (24 * 512) */
    int32_t shift;
    int32_t rounding;
} ep_logistic_s16_params;

/* The output may lie over the input. */
void ep_logistic_s16(const ep_logistic_s16_params *p, const int16_t *input, int16_t *output,
                     void *scratch);

#endif
