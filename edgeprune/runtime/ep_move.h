/* A tensor's elements in another order, of any type: the output is written from its first byte
 * to its last, the input is read by strides. */
#ifndef EP_MOVE_H
#define EP_MOVE_H

#include <stdint.h>

#define EP_MOVE_DIMENSIONS 5

typedef struct {
    int32_t first;                      /* bytes of the input before the first element */
    int32_t run;                        /* bytes that lie together in input and output */
    int32_t rows;                       /* such runs, innermost */
    int32_t step;                       /* bytes of the input from one run to the next */
    int32_t extent[EP_MOVE_DIMENSIONS]; /* further dimensions, outermost first */
    int32_t stride[EP_MOVE_DIMENSIONS]; /* bytes of the input, may be negative or 0 */
} ep_move_params;

void ep_move(const ep_move_params *p, const void *input, void *output, void *scratch);

#endif
