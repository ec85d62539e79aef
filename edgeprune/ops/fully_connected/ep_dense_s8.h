/* Dense layers on cores with the DSP extension: what their kernels share.
 *
 * Two output channels share a halfword of weights, h = 256 * w1 + w0, so that a word holds two
 * channels of two taps.  With x a pair of activations, P += SMLAD(h, x) sums 256 * S1 + S0 and
 * S += SMLAD(SXTB16(h), x) sums S0 alone, hence S1 = (P - S) >> 8 as long as |S1| < 2^23: four
 * products per word for one expansion.  Activations stay int8 in memory; SXTB16 makes the pairs
 * of taps 0, 2 and 1, 3 of a group of four.
 *
 * Table of a block of 8 channels: per group of four taps, per pair of channels, the word of taps
 * 0, 2 and that of taps 1, 3.  Table of a pair of channels: the same with one pair. */
#ifndef EP_DENSE_S8_H
#define EP_DENSE_S8_H

#include "ep_dsp.h"
#include "ep_runtime.h"

/* Words per group of four taps. */
enum { EP_DENSE_BLOCK_WORDS = 8, EP_DENSE_PAIR_WORDS = 2 };

/* Products of one group of four taps with one pair of channels: words[0] has taps 0 and 2. */
static inline void ep_dense_products(uint32_t taps, const int32_t *words, int32_t *packed,
                                     int32_t *first) {
    const uint32_t even = (uint32_t)words[0];
    const uint32_t odd = (uint32_t)words[1];
    *packed = ep_smlad(odd, ep_sxtb16_odd(taps), ep_smlad(even, ep_sxtb16(taps), *packed));
    *first = ep_smlad(ep_sxtb16(odd), ep_sxtb16_odd(taps),
                      ep_smlad(ep_sxtb16(even), ep_sxtb16(taps), *first));
}

/* The second channel's sum. */
static inline int32_t ep_dense_second(int32_t packed, int32_t first) {
    return (int32_t)((uint32_t)packed - (uint32_t)first) >> 8;
}

/* Adds the products of a pair of channels over whole groups to sums[0] and sums[1] and returns
 * the end of the table. */
static inline const int32_t *ep_dense_pair(const int8_t *column, const int8_t *end,
                                           const int32_t *table, int32_t *sums) {
    int32_t packed = 0;
    int32_t first = 0;
#if defined(__ARM_FEATURE_DSP)
    uint32_t even, odd, low, high;
    __asm volatile(
        ".balign 4\n"
        "1:\n"
        "ldr.w %[odd], [%[table], #4]\n"
        "ldr.w %[even], [%[table]], #8\n"
        "ldr.w %[low], [%[column]], #4\n"
        "sxtb16 %[high], %[low], ror #8\n"
        "sxtb16 %[low], %[low]\n"
        "smlad %[packed], %[even], %[low], %[packed]\n"
        "sxtb16 %[even], %[even]\n"
        "smlad %[first], %[even], %[low], %[first]\n"
        "smlad %[packed], %[odd], %[high], %[packed]\n"
        "sxtb16 %[odd], %[odd]\n"
        "smlad %[first], %[odd], %[high], %[first]\n"
        "cmp %[column], %[end]\n"
        "bne 1b\n"
        : [column] "+r"(column), [table] "+r"(table), [packed] "+r"(packed), [first] "+r"(first),
          [even] "=&r"(even), [odd] "=&r"(odd), [low] "=&r"(low), [high] "=&r"(high)
        : [end] "r"(end)
        : "cc", "memory");
#else
    for (; column != end; column += 4) {
        ep_dense_products(ep_load_word(column), table, &packed, &first);
        table += EP_DENSE_PAIR_WORDS;
    }
#endif
    sums[0] += first;
    sums[1] += ep_dense_second(packed, first);
    return table;
}

#if defined(__ARM_FEATURE_DSP)

/* clang-format off */

/* One pair of channels: the words in r3 and r12, the taps 0, 2 in r2 and 1, 3 in lr. */
#define EP_DENSE_PAIR(packed, first)        \
    "smlad " packed ", r3, r2, " packed "\n" \
    "sxtb16 r3, r3\n"                        \
    "smlad " first ", r3, r2, " first "\n"   \
    "smlad " packed ", r12, lr, " packed "\n" \
    "sxtb16 r12, r12\n"                      \
    "smlad " first ", r12, lr, " first "\n"

/* Loads that begin a group of four taps. */
#define EP_DENSE_HEAD          \
    "ldr.w r12, [r1, #4]\n"  \
    "ldr.w r3, [r1], #32\n"  \
    "ldr.w r2, [r0], #4\n"

#define EP_DENSE_REST            \
    "sxtb16 lr, r2, ror #8\n"  \
    "sxtb16 r2, r2\n"          \
    EP_DENSE_PAIR("r4", "r5")  \
    "ldr r3, [r1, #-24]\n"   \
    "ldr r12, [r1, #-20]\n"  \
    EP_DENSE_PAIR("r6", "r7")  \
    "ldr r3, [r1, #-16]\n"   \
    "ldr r12, [r1, #-12]\n"  \
    EP_DENSE_PAIR("r8", "r9")  \
    "ldr r3, [r1, #-8]\n"    \
    "ldr r12, [r1, #-4]\n"   \
    EP_DENSE_PAIR("r10", "r11")

/* Sums of a block: r4, r6, r8, r10 packed, the next register of each the first channel's.
 *
 * r0 is the column, r1 the table, [sp, #4] the column's end, and r2 says how many bytes of the
 * loop's code to skip at first (and 1, as addresses of Thumb code have), so that any number of groups ends with a whole round.  Left are
 * r0 and r1 behind what was read.  Loads stand together, for then each costs one cycle less. */
#define EP_DENSE_SUMS        \
    "adr.w r12, 1f\n"      \
    "add r12, r12, r2\n"   \
    "movs r4, #0\n"        \
    "movs r5, #0\n"        \
    "movs r6, #0\n"        \
    "movs r7, #0\n"        \
    "mov r8, r4\n"         \
    "mov r9, r4\n"         \
    "mov r10, r4\n"        \
    "mov r11, r4\n"        \
    "bx r12\n"             \
    ".balign 4\n"          \
    "1:\n"                 \
    ".rept 3\n"            \
    EP_DENSE_HEAD          \
    EP_DENSE_REST          \
    ".endr\n"              \
    EP_DENSE_HEAD          \
    "ldr.w lr, [sp, #4]\n" \
    "cmp.w r0, lr\n"       \
    EP_DENSE_REST          \
    "bne.w 1b\n"

/* clang-format on */

#endif

/* Groups in a round of the loop, and bytes of code of each but the last. */
enum { EP_DENSE_ROUND = 4, EP_DENSE_GROUP_CODE = 140 };

/* What to skip of the loop at first for a number of groups, as EP_DENSE_SUMS wants it. */
static inline int32_t ep_dense_skip(int32_t groups) {
    return (-groups & (EP_DENSE_ROUND - 1)) * EP_DENSE_GROUP_CODE + 1;
}

#endif
