/* The parts of the C library that compilers call on their own or the firmware uses.
 *
 * Kernels copy rows and fill borders with memcpy and memset, so on Armv7-M these two move
 * words by an unrolled loop: consecutive loads, then consecutive stores, is the order in
 * which the core overlaps them (LDR 2 cycles, each further one 1; STR 1). */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Without these the compilers recognise the loops and replace them by calls of the very
 * functions they implement. */
#if defined(__clang__)
#define NO_SELF_CALL __attribute__((no_builtin))
#else
#define NO_SELF_CALL
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

enum { BLOCK = 32 };

/* Copies whole blocks and returns the bytes done.  The destination is word-aligned; Armv7-M
 * loads words from any address. */
static inline size_t copy_blocks(uint8_t *to, const uint8_t *from, size_t size) {
#if defined(__ARM_FEATURE_UNALIGNED) && defined(__thumb2__)
    size_t blocks = size / BLOCK;
    if (blocks == 0) {
        return 0;
    }
    size_t left = blocks;
    __asm volatile(".p2align 2\n"
                   "1: subs %[left], %[left], #1\n"
                   "ldr r3, [%[from]]\n"
                   "ldr r4, [%[from], #4]\n"
                   "ldr r5, [%[from], #8]\n"
                   "ldr r6, [%[from], #12]\n"
                   "str r3, [%[to]]\n"
                   "str r4, [%[to], #4]\n"
                   "str r5, [%[to], #8]\n"
                   "str r6, [%[to], #12]\n"
                   "ldr r3, [%[from], #16]\n"
                   "ldr r4, [%[from], #20]\n"
                   "ldr r5, [%[from], #24]\n"
                   "ldr r6, [%[from], #28]\n"
                   "str r3, [%[to], #16]\n"
                   "str r4, [%[to], #20]\n"
                   "str r5, [%[to], #24]\n"
                   "str r6, [%[to], #28]\n"
                   "add %[from], %[from], #32\n"
                   "add %[to], %[to], #32\n"
                   "bne 1b\n"
                   : [left] "+l"(left), [to] "+l"(to), [from] "+l"(from)
                   :
                   : "r3", "r4", "r5", "r6", "cc", "memory");
    return blocks * BLOCK;
#else
    (void)to;
    (void)from;
    (void)size;
    return 0;
#endif
}

static inline size_t fill_blocks(uint8_t *to, uint32_t pattern, size_t size) {
#if defined(__thumb2__)
    size_t blocks = size / BLOCK;
    if (blocks == 0) {
        return 0;
    }
    size_t left = blocks;
    __asm volatile(".p2align 2\n"
                   "1: subs %[left], %[left], #1\n"
                   "str %[pattern], [%[to]]\n"
                   "str %[pattern], [%[to], #4]\n"
                   "str %[pattern], [%[to], #8]\n"
                   "str %[pattern], [%[to], #12]\n"
                   "str %[pattern], [%[to], #16]\n"
                   "str %[pattern], [%[to], #20]\n"
                   "str %[pattern], [%[to], #24]\n"
                   "str %[pattern], [%[to], #28]\n"
                   "add %[to], %[to], #32\n"
                   "bne 1b\n"
                   : [left] "+l"(left), [to] "+l"(to)
                   : [pattern] "l"(pattern)
                   : "cc", "memory");
    return blocks * BLOCK;
#else
    (void)to;
    (void)pattern;
    (void)size;
    return 0;
#endif
}

/* A word at any address. */
typedef struct __attribute__((packed, may_alias)) {
    uint32_t value;
} loose_word;

/* Upwards; what is read is always ahead of what is written if `to` lies below `from`. */
NO_SELF_CALL static inline void copy_up(uint8_t *to, const uint8_t *from, size_t size) {
    while (size > 0 && ((uintptr_t)to & 3) != 0) {
        *to++ = *from++;
        size--;
    }
    size_t done = copy_blocks(to, from, size);
    for (; done + 4 <= size; done += 4) {
        ((loose_word *)(to + done))->value = ((const loose_word *)(from + done))->value;
    }
    for (; done < size; done++) {
        to[done] = from[done];
    }
}

NO_SELF_CALL void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    copy_up(to, from, size);
    return to;
}

NO_SELF_CALL void *memmove(void *to, const void *from, size_t size) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if ((uintptr_t)out - (uintptr_t)in >= size) { /* below `from`, or apart from it */
        copy_up(out, in, size);
    } else {
        while (size > 0) {
            size--;
            out[size] = in[size];
        }
    }
    return to;
}

NO_SELF_CALL void *memset(void *to, int value, size_t size) {
    uint8_t *out = to;
    uint32_t pattern = (uint8_t)value * 0x01010101u;
    while (size > 0 && ((uintptr_t)out & 3) != 0) {
        *out++ = (uint8_t)value;
        size--;
    }
    size_t done = fill_blocks(out, pattern, size);
    for (; done + 4 <= size; done += 4) {
        ((loose_word *)(out + done))->value = pattern;
    }
    for (; done < size; done++) {
        out[done] = (uint8_t)value;
    }
    return to;
}

NO_SELF_CALL int memcmp(const void *a, const void *b, size_t size) {
    const uint8_t *x = a, *y = b;
    for (; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}

NO_SELF_CALL size_t strlen(const char *string) {
    const char *end = string;
    while (*end != '\0') {
        end++;
    }
    return (size_t)(end - string);
}

NO_SELF_CALL int strcmp(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}
