#include "ep_expand_s8.h"

#if defined(__ARM_FEATURE_DSP)

#define EXPAND_ONE(word, other, at)                                                                \
    "sxtb16 r8, " word "\nsxtb16 " word ", " word ", ror #8\n"                                     \
    "sxtb16 r9, " other "\nsxtb16 " other ", " other ", ror #8\n"                                  \
    "str.w r8, [%2, #" at "]\nstr.w r9, [%2, #" at " + 4]\n"                                       \
    "str.w " word ", [%2, #" at " + 8]\n"

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
        /* The pointers run behind, so that the last access of each round moves them on. */
        __asm__ volatile(
            "sub.w %0, %0, #4\nsub.w %1, %1, #4\nsub.w %2, %2, #4\n"
            ".balign 4\n"
            "1:\n"
            "ldr.w r4, [%0, #4]\nldr.w r5, [%1, #4]\n"
            "ldr.w r6, [%0, #8]!\nldr.w r12, [%1, #8]!\n"
            "subs.w %3, %3, #1\n" EXPAND_ONE("r4", "r5", "4") "str.w r5, [%2, #16]\n" EXPAND_ONE(
                "r6", "r12", "20") "str.w r12, [%2, #32]!\n"
                                   "bne.w 1b\n"
                                   "add.w %2, %2, #4\n"
            : "+r"(first), "+r"(second), "+r"(columns), "+r"(quads)
            :
            : "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
    }
    return columns;
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

#endif
