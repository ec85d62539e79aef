/* Copies of many short runs of bytes, for kernels that only move data. */
#ifndef EP_COPY_H
#define EP_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Runs beyond this many bytes are left to memcpy, which takes a while to align itself. */
#define EP_LONG_RUN 95

/* Numbers at any address; the core must allow it where that is not a multiple of their size. */
typedef struct __attribute__((packed, may_alias)) {
    uint16_t value;
} ep_loose_half;
typedef struct __attribute__((packed, may_alias)) {
    uint32_t value;
} ep_loose_word;

#define EP_HALF_AT(address) (((ep_loose_half *)(void *)(address))->value)
#define EP_WORD_AT(address) (((ep_loose_word *)(void *)(address))->value)
#define EP_CONST_HALF_AT(address) (((const ep_loose_half *)(const void *)(address))->value)
#define EP_CONST_WORD_AT(address) (((const ep_loose_word *)(const void *)(address))->value)

/* Whether words may be moved between two addresses, or addresses with steps. */
static inline int ep_words_fit(uintptr_t bits) {
#if !defined(__ARM_ARCH) || defined(__ARM_FEATURE_UNALIGNED)
    (void)bits;
    return 1;
#else
    return (bits & 3) == 0;
#endif
}

/* Short loops are worth no further code. */
#if defined(__clang__)
#define EP_KEEP_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define EP_KEEP_ROLLED
#endif

/* Loads that follow each other, then stores: the order in which a Cortex-M4 overlaps them. */
static inline void ep_copy_run(uint8_t *to, const uint8_t *from, int32_t bytes) {
    if (bytes > EP_LONG_RUN) {
        memcpy(to, from, (size_t)bytes);
        return;
    }
    if (ep_words_fit((uintptr_t)to | (uintptr_t)from)) {
        EP_KEEP_ROLLED
        for (; bytes >= 16; bytes -= 16, to += 16, from += 16) {
            const uint32_t a = EP_CONST_WORD_AT(from), b = EP_CONST_WORD_AT(from + 4),
                           c = EP_CONST_WORD_AT(from + 8), d = EP_CONST_WORD_AT(from + 12);
            EP_WORD_AT(to) = a;
            EP_WORD_AT(to + 4) = b;
            EP_WORD_AT(to + 8) = c;
            EP_WORD_AT(to + 12) = d;
        }
        if (bytes & 8) {
            const uint32_t a = EP_CONST_WORD_AT(from), b = EP_CONST_WORD_AT(from + 4);
            EP_WORD_AT(to) = a;
            EP_WORD_AT(to + 4) = b;
            to += 8, from += 8;
        }
        if (bytes & 4) {
            EP_WORD_AT(to) = EP_CONST_WORD_AT(from);
            to += 4, from += 4;
        }
        if (bytes & 2) {
            EP_HALF_AT(to) = EP_CONST_HALF_AT(from);
            to += 2, from += 2;
        }
        if (bytes & 1) {
            *to = *from;
        }
        return;
    }
    EP_KEEP_ROLLED
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
