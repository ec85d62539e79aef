/* ADD, int8, inputs whose shapes broadcast to at most four dimensions. */
#ifndef EP_ADD_BROADCAST_S8_H
#define EP_ADD_BROADCAST_S8_H

#include "ep_add_s8.h"

typedef struct {
    ep_sum sum;
    int32_t extent[4];       /* of the output */
    int32_t first_stride[4]; /* elements; 0 where the input repeats */
    int32_t second_stride[4];
} ep_add_broadcast_s8_params;

void ep_add_broadcast_s8(const ep_add_broadcast_s8_params *p, const int8_t *first,
                         const int8_t *second, int8_t *output, void *scratch);

#endif
