#include "ep_expand_s8.h"

#include <stddef.h>

#if defined(__ARM_FEATURE_DSP)

#define EXPAND_ONE(word, other, at)                                                                \
    "sxtb16 r8, " word "\nsxtb16 " word ", " word ", ror #8\n"                                     \
    "sxtb16 r9, " other "\nsxtb16 " other ", " other ", ror #8\n"                                  \
    "str.w r8, [%2, #" at "]\nstr.w r9, [%2, #" at " + 4]\n"                                       \
    "str.w " word ", [%2, #" at " + 8]\n"

/* The pointers run 4 behind, so that the last access of each kind moves them on. */
#define EXPAND_TWO                                                                                 \
    "ldr.w r4, [%0, #4]\nldr.w r5, [%1, #4]\nldr.w r6, [%0, #8]!\nldr.w r12, [%1, "                \
    "#8]!\n" EXPAND_ONE("r4", "r5", "4") "str.w r5, [%2, #16]\n" EXPAND_ONE(                       \
        "r6", "r12", "20") "str.w r12, [%2, #32]!\n"

int16_t *ep_expand_pair_s8(const int8_t *first, const int8_t *second, int32_t quads,
                           int16_t *columns) {
    if (quads & 1) {
        __asm__ volatile("ldr r4, [%0], #4\nldr r5, [%1], #4\n" EXPAND_ONE(
                             "r4", "r5", "0") "str.w r5, [%2, #12]\nadd.w %2, %2, #16\n"
                         : "+r"(first), "+r"(second), "+r"(columns)
                         :
                         : "r4", "r5", "r8", "r9", "memory");
    }
    quads >>= 1;
    if (quads != 0) {
        __asm__ volatile("sub.w %0, %0, #4\nsub.w %1, %1, #4\nsub.w %2, %2, #4\n"
                         ".balign 4\n"
                         "1:\n" EXPAND_TWO "subs.w %3, %3, #1\nbne.w 1b\n"
                         "add.w %2, %2, #4\n"
                         : "+r"(first), "+r"(second), "+r"(columns), "+r"(quads)
                         :
                         : "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
    }
    return columns;
}

void ep_expand_pixels_s8(const int8_t *pixels, int32_t quads, int32_t pairs, int16_t *columns) {
    const int8_t *second = pixels + 4 * (ptrdiff_t)quads;
    if (quads & 1) {
        for (; pairs > 0; pairs--, pixels = second + 4 * (ptrdiff_t)quads) {
            second = pixels + 4 * (ptrdiff_t)quads;
            columns = ep_expand_pair_s8(pixels, second, quads, columns);
        }
    } else if (pairs > 0) {
        register const int8_t *r0 __asm__("r0") = pixels;
        register const int8_t *r1 __asm__("r1") = second;
        register int16_t *r2 __asm__("r2") = columns;
        register int32_t r3 __asm__("r3") = quads;
        register int32_t r12 __asm__("r12") = pairs;
        /* Behind a pair of pixels, the second pointer is at the next pair's first. */
        __asm__ volatile("push.w {r10, r11, lr}\n"
                         "mov.w lr, r12\nlsl.w r11, r3, #2\nlsr.w r3, r3, #1\n"
                         "sub.w r0, r0, #4\nsub.w r1, r1, #4\nsub.w r2, r2, #4\n"
                         ".balign 4\n"
                         "1:\nmov.w r10, r3\n"
                         "2:\n" EXPAND_TWO "subs.w r10, r10, #1\nbne.w 2b\n"
                         "mov.w r0, r1\nadd.w r1, r1, r11\n"
                         "subs.w lr, lr, #1\nbne.w 1b\n"
                         "pop.w {r10, r11, lr}\n"
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r12)
                         :
                         : "r4", "r5", "r6", "r8", "r9", "cc", "memory");
    }
}

#else

int16_t *ep_expand_pair_s8(const int8_t *first, const int8_t *second, int32_t quads,
                           int16_t *columns) {
    for (int32_t i = 0; i < quads; i++, columns += 8) {
        const uint32_t a = ep_load_word(first + 4 * i), b = ep_load_word(second + 4 * i);
        ep_store_word(columns, ep_sxtb16(a));
        ep_store_word(columns + 2, ep_sxtb16(b));
        ep_store_word(columns + 4, ep_sxtb16_odd(a));
        ep_store_word(columns + 6, ep_sxtb16_odd(b));
    }
    return columns;
}

void ep_expand_pixels_s8(const int8_t *pixels, int32_t quads, int32_t pairs, int16_t *columns) {
    for (; pairs > 0; pairs--, pixels += 8 * (ptrdiff_t)quads) {
        columns = ep_expand_pair_s8(pixels, pixels + 4 * (ptrdiff_t)quads, quads, columns);
    }
}

#endif
