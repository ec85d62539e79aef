/* Rows of an int8 image as int16 taps, with zero points where the padding of a convolution is.
 *
 * A row has `pitch` halfwords: the padding before the input, the pixels, zero points.  With a
 * second copy, which follows in the same row, its halfword i is number i + `shift` of the first:
 * the window of a pixel's right neighbour, aligned to words although the first copy's is not. */
#ifndef EP_ROWS_S8_H
#define EP_ROWS_S8_H

#include "ep_runtime.h"

typedef struct {
    int32_t copy;  /* halfwords of a copy, even */
    int32_t pitch; /* copy, or twice that */
    int32_t shift;
    int32_t zero_point;
} ep_rows;

/* Input rows top to top + count - 1, which may lie outside. */
void ep_fill_rows_s8(const ep_window *w, const ep_rows *r, const int8_t *image, int32_t top,
                     int32_t count, int16_t *rows);

#endif
