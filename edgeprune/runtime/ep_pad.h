/* One value around a tensor, of any type.
 *
 * Dimensions that get no padding are merged into their neighbours, so that a row is as long as
 * it can be: `front` bytes of padding, `row` bytes of the input, `back` bytes of padding. */
#ifndef EP_PAD_H
#define EP_PAD_H

#include <stdint.h>

#define EP_PAD_DIMENSIONS 4

typedef struct {
    uint8_t value[8];                  /* its first `bytes` bytes are the padding's element */
    int32_t bytes;                     /* 1 where all bytes of the element are equal */
    int32_t front, row, back;          /* bytes */
    int32_t extent[EP_PAD_DIMENSIONS]; /* of the output outside rows, outermost first */
    int32_t before[EP_PAD_DIMENSIONS]; /* the input begins here */
    int32_t behind[EP_PAD_DIMENSIONS]; /* and ends before this index */
} ep_pad_params;

void ep_pad(const ep_pad_params *p, const void *input, void *output, void *scratch);

#endif
