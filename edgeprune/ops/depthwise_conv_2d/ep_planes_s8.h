/* Planes: int8 NHWC rows of up to four channels, expanded to int16 for two taps per SMLAD.
 *
 * A word holds two columns of one channel, and four channels' words lie side by side, so that a row
 * is [pairs of columns][4 channels][2 columns].  Columns and rows outside the input hold its zero
 * point.  As a rule the columns are those of the input in order; then padding is the caller's, with
 * the exception of the single column that shares a word with the first or the last of the input.
 * Otherwise a table says which column goes where. */
#ifndef EP_PLANES_S8_H
#define EP_PLANES_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t pixel_bytes; /* from a column of the input to the next */
    int32_t row_bytes;   /* from a row of the input to the next */
    int32_t pitch;       /* from a row of the planes to the next, in bytes */
    int32_t lead;        /* 1: the first column shares its word with a column of padding */
    int32_t blocks;      /* four columns each, behind the lead */
    int32_t pairs;       /* 0 or 1: two columns behind the blocks */
    int32_t tail;        /* 1: a last column shares its word with a column of padding */
    int32_t zeros;       /* the zero point in both halves */
    int32_t skip;        /* bytes of padding words at the left of a row of the planes */
    /* For each column of the planes that of the input, or -1 for padding; NULL: in order. */
    const int16_t *columns;
} ep_planes_layout;

/* Bytes from a channel's word to the same word of the next channel, and to the next word. */
#define EP_PLANES_CHANNEL 4
#define EP_PLANES_WORD 16

/* Expand rows of the first `channels` (1 to 4) channels behind `source`. */
void ep_planes_expand_s8(const ep_planes_layout *layout, const int8_t *source, int32_t rows,
                         int32_t channels, int16_t *planes);

/* Fill rows with the zero point. */
void ep_planes_clear(const ep_planes_layout *layout, int16_t *planes, int32_t rows);

/* Copy rows to where rows before them were. */
void ep_planes_keep(const ep_planes_layout *layout, int16_t *to, const int16_t *from, int32_t rows);

#endif
