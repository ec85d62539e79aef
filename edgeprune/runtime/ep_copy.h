/* Copies of many short runs of bytes, for kernels that only move data. */
#ifndef EP_COPY_H
#define EP_COPY_H

#include <stddef.h>
#include <stdint.h>

/* Copies `rows` runs of `bytes` bytes; starts of successive runs are `to_step` and `from_step`
 * bytes apart.  The two areas do not overlap; what a run starts at needs no alignment. */
void ep_copy_rows(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                  int32_t bytes, int32_t rows);

/* Writes `count` elements of `bytes` bytes that all equal the one at `element`. */
void ep_fill(uint8_t *to, const uint8_t *element, int32_t bytes, int32_t count);

#endif
