/* Any number of tensors side by side along an axis, of any type: bytes of all inputs in turn,
 * as often as the dimensions before the axis say. */
#ifndef EP_JOIN_H
#define EP_JOIN_H

#include <stdint.h>

typedef struct {
    const int32_t *bytes; /* per input those that lie together */
    int32_t count;        /* inputs */
    int32_t rows;         /* product of the dimensions before the axis */
    int32_t row_bytes;    /* sum of `bytes` */
} ep_join_params;

void ep_join(const ep_join_params *p, const void *const *inputs, void *const *outputs,
             void *scratch);

#endif
