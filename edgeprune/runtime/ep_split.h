/* A tensor cut along an axis into any number of outputs, of any type: the reverse of ep_join. */
#ifndef EP_SPLIT_H
#define EP_SPLIT_H

#include <stdint.h>

typedef struct {
    const int32_t *bytes; /* per output those that lie together */
    int32_t count;        /* outputs */
    int32_t rows;         /* product of the dimensions before the axis */
    int32_t row_bytes;    /* sum of `bytes` */
} ep_split_params;

void ep_split(const ep_split_params *p, const void *const *inputs, void *const *outputs,
              void *scratch);

#endif
