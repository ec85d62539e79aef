/* DEPTHWISE_CONV_2D, int8, any window, for cores with the DSP extension and an FPU.
 *
 * Four channels at a time, bands of rows are expanded into planes (ep_planes_s8.h), over which the
 * filters of ep_depthwise_tiles.h go.  Padding is part of the planes, so no loop knows borders.  A
 * band keeps the rows that it shares with the next, so where pixels keep their places the output
 * may be written over the input.  Rows and columns may be exchanged: then what is said of rows here
 * holds for the columns of the tensors.
 *
 * Scratch: the planes, plane_rows rows of layout.pitch bytes. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_PLANES_H
#define EP_DEPTHWISE_CONV_2D_S8_PLANES_H

#include "ep_depthwise_tiles.h"

typedef struct {
    ep_planes_layout layout;
    void (*convolve)(const ep_depthwise_job *job); /* made by EP_DEPTHWISE */
    const int32_t *table;                          /* per output channel, see there */
    int32_t table_words;                           /* of a channel */
    int32_t offset;                                /* of the output stage */
    int32_t batches;
    int32_t in_h, in_c;
    int32_t in_bytes; /* of an image */
    int32_t out_h;
    int32_t out_row_bytes; /* from a row of the output to the next */
    int32_t out_bytes;     /* of an image */
    int32_t multiplier;    /* output channels per input channel */
    int32_t stride_h;
    int32_t extent; /* rows from the first to the last tap of a filter */
    int32_t pad_top;
    int32_t band; /* rows of the output that are made at a time */
    int32_t plane_rows;
    /* What nothing else fills: the first rows of the planes, those from another row on, and bytes
     * at the right of every row. */
    int32_t clear_first, clear_from, clear_right;
    int32_t low, high; /* the fused activation's clamp */
} ep_depthwise_conv_2d_s8_planes_params;

void ep_depthwise_conv_2d_s8_planes(const ep_depthwise_conv_2d_s8_planes_params *p,
                                    const int8_t *input, int8_t *output, void *scratch);

#endif
