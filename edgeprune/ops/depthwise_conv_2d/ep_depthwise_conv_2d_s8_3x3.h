/* DEPTHWISE_CONV_2D, int8, 3x3, stride 1 or 2, for cores with the DSP extension and an FPU.
 *
 * Four channels at a time, bands of rows are expanded into planes, over which the filters of
 * ep_depthwise_3x3.h go.  Padding is part of the planes, so no loop knows borders.  A band keeps
 * the rows that it shares with the next, so for stride 1 the output may be written over the input.
 *
 * Scratch: the planes, plane_rows rows of layout.pitch bytes. */
#ifndef EP_DEPTHWISE_CONV_2D_S8_3X3_H
#define EP_DEPTHWISE_CONV_2D_S8_3X3_H

#include "ep_depthwise_3x3.h"

typedef struct {
    ep_planes_layout layout;
    void (*convolve)(const ep_depthwise_job *job); /* made by EP_DEPTHWISE_3X3 */
    const int32_t *table;                          /* per output channel, see there */
    int32_t table_words;                           /* of a channel */
    int32_t stride;
    int32_t batches;
    int32_t in_h, in_c;
    int32_t in_bytes; /* of an image */
    int32_t out_h;
    int32_t out_row_bytes;
    int32_t out_bytes;  /* of an image */
    int32_t multiplier; /* output channels per input channel */
    int32_t pad_top;
    int32_t band; /* rows of the output that are made at a time, even or all */
    int32_t plane_rows;
    int32_t low; /* the fused activation's clamp */
    int32_t high;
} ep_depthwise_conv_2d_s8_3x3_params;

void ep_depthwise_conv_2d_s8_3x3(const ep_depthwise_conv_2d_s8_3x3_params *p, const int8_t *input,
                                 int8_t *output, void *scratch);

#endif
