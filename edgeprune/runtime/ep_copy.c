/* Runs of one, two or four bytes move element by element, by loads that follow each other
 * (which a Cortex-M4 overlaps). */
#include "ep_copy.h"

#include <string.h>

/* Numbers in memory that was declared as another type. */
typedef uint16_t __attribute__((may_alias)) half_word;
typedef uint32_t __attribute__((may_alias)) word;

static void copy_bytes(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                       int32_t rows) {
    for (; rows >= 4; rows -= 4) {
        const uint8_t a = from[0], b = from[from_step], c = from[2 * from_step],
                      d = from[3 * from_step];
        to[0] = a;
        to[to_step] = b;
        to[2 * to_step] = c;
        to[3 * to_step] = d;
        from += 4 * from_step;
        to += 4 * to_step;
    }
    for (; rows > 0; rows--) {
        *to = *from;
        from += from_step;
        to += to_step;
    }
}

static void copy_half_words(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                            int32_t rows) {
    for (; rows > 0; rows--) {
        *(half_word *)(void *)to = *(const half_word *)(const void *)from;
        from += from_step;
        to += to_step;
    }
}

static void copy_words(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                       int32_t rows) {
    for (; rows >= 2; rows -= 2) {
        const word a = *(const word *)(const void *)from,
                   b = *(const word *)(const void *)(from + from_step);
        *(word *)(void *)to = a;
        *(word *)(void *)(to + to_step) = b;
        from += 2 * from_step;
        to += 2 * to_step;
    }
    if (rows > 0) {
        *(word *)(void *)to = *(const word *)(const void *)from;
    }
}

void ep_copy_rows(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                  int32_t bytes, int32_t rows) {
    const uintptr_t alignment =
        (uintptr_t)to | (uintptr_t)from | (uintptr_t)to_step | (uintptr_t)from_step;
    if (bytes == 1) {
        copy_bytes(to, to_step, from, from_step, rows);
    } else if (bytes == 2 && (alignment & 1) == 0) {
        copy_half_words(to, to_step, from, from_step, rows);
    } else if (bytes == 4 && (alignment & 3) == 0) {
        copy_words(to, to_step, from, from_step, rows);
    } else {
        for (; rows > 0; rows--) {
            ep_copy_run(to, from, bytes);
            from += from_step;
            to += to_step;
        }
    }
}

void ep_fill(uint8_t *to, const uint8_t *element, int32_t bytes, int32_t count) {
    if (bytes == 1) {
        memset(to, *element, (size_t)count);
    } else {
        ep_copy_rows(to, bytes, element, 0, bytes, count);
    }
}
