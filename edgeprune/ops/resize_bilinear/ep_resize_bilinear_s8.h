/* RESIZE_BILINEAR, int8: shares in fixed point, results rounded half away from zero. */
#ifndef EP_RESIZE_BILINEAR_S8_H
#define EP_RESIZE_BILINEAR_S8_H

#include "ep_runtime.h"

typedef struct {
    const int32_t *rows; /* per output row: elements to the lower and to the upper input row */
    const int32_t *row_shares; /* the upper row's share of 1024 */
    const int32_t *columns;    /* per output column, likewise */
    const int32_t *column_shares;
    int32_t batches;
    int32_t input_size;           /* elements of a batch */
    int32_t height, width, depth; /* of the output */
} ep_resize_bilinear_s8_params;

void ep_resize_bilinear_s8(const ep_resize_bilinear_s8_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

#endif
