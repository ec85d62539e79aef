/* RESIZE_BILINEAR, float32. */
#ifndef EP_RESIZE_BILINEAR_F32_H
#define EP_RESIZE_BILINEAR_F32_H

#include "ep_runtime.h"

typedef struct {
    const int32_t *rows;     /* per output row: elements to the lower and to the upper input row */
    const float *row_shares; /* the upper row's share of 1.0f */
    const int32_t *columns;  /* per output column, likewise */
    const float *column_shares;
    int32_t batches;
    int32_t input_size;           /* elements of a batch */
    int32_t height, width, depth; /* of the output */
} ep_resize_bilinear_f32_params;

void ep_resize_bilinear_f32(const ep_resize_bilinear_f32_params *p, const float *input,
                            float *output, void *scratch);

#endif
