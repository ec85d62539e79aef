/* MEAN, int8, over any axes of up to four dimensions. */
#ifndef EP_MEAN_S8_H
#define EP_MEAN_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t kept[4];     /* extents of the dimensions that stay, else 1 */
    int32_t averaged[4]; /* extents of the dimensions that go, else 1 */
    int32_t stride[4];   /* elements of the input per step in each dimension */
    int32_t offset;      /* minus the input zero point times the averaged values */
    int32_t mantissa;    /* the division by their number is folded in */
    int32_t shift;
    int32_t zero_point;
} ep_mean_s8_params;

void ep_mean_s8(const ep_mean_s8_params *p, const int8_t *input, int8_t *output, void *scratch);

#endif
