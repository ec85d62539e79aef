/* SOFTMAX, int16, with the reference's two interpolated functions: exp(x) for x from -10 to 0, and
 * 1 / (1 + x) for x from 0 to 1. */
#ifndef EP_SOFTMAX_S16_H
#define EP_SOFTMAX_S16_H

#include "ep_runtime.h"

typedef struct {
    int32_t rows, depth;
    int32_t mantissa, shift;    /* a difference to the row's maximum to steps of 10 / 65535 */
    const int16_t *exponential; /* [513] */
    const int16_t *reciprocal;  /* [513] */
} ep_softmax_s16_params;

/* The output may lie over the input. */
void ep_softmax_s16(const ep_softmax_s16_params *p, const int16_t *input, int16_t *output,
                    void *scratch);

#endif
