/* GATHER, any type: slices of the input along an axis by a list of indices.  An index outside the
 * axis, which the reference refuses, reads the nearest slice, so that memory stays safe. */
#ifndef EP_GATHER_H
#define EP_GATHER_H

#include <stdint.h>

typedef struct {
    int32_t batches; /* each with indices of its own */
    int32_t outer;   /* product of the dimensions between batches and axis */
    int32_t extent;  /* of the axis */
    int32_t count;   /* indices per batch */
    int32_t run;     /* bytes behind the axis, which lie together */
    int32_t wide;    /* whether indices are int64 rather than int32 */
} ep_gather_params;

void ep_gather(const ep_gather_params *p, const void *input, const void *indices, void *output,
               void *scratch);

#endif
