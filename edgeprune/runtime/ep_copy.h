/* Copies of many short runs of bytes, for kernels that only move data. */
#ifndef EP_COPY_H
#define EP_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Runs up to this many bytes are moved by words in place; memcpy has to align itself first. */
#define EP_SHORT_RUN 24

/* A word at any address. */
typedef struct __attribute__((packed, may_alias)) {
    uint32_t value;
} ep_loose_word;

static inline void ep_copy_run(uint8_t *to, const uint8_t *from, int32_t bytes) {
    if (bytes > EP_SHORT_RUN) {
        memcpy(to, from, (size_t)bytes);
        return;
    }
#if !defined(__ARM_ARCH) || defined(__ARM_FEATURE_UNALIGNED)
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) {
        ((ep_loose_word *)(void *)to)->value = ((const ep_loose_word *)(const void *)from)->value;
    }
#endif
    for (; bytes > 0; bytes--) {
        *to++ = *from++;
    }
}

/* Copies `rows` runs of `bytes` bytes; starts of successive runs are `to_step` and `from_step`
 * bytes apart.  The two areas do not overlap; what a run starts at needs no alignment. */
void ep_copy_rows(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                  int32_t bytes, int32_t rows);

/* Writes `count` elements of `bytes` bytes that all equal the one at `element`. */
void ep_fill(uint8_t *to, const uint8_t *element, int32_t bytes, int32_t count);

#endif
