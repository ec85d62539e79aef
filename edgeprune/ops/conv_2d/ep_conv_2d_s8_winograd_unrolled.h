/* The products of the Winograd convolution F(4x4, 3x3), as in ep_conv_2d_s8_winograd_product.h,
 * for weights that lie transformed in flash: U is [36][pair][output channel 0-1] words, which
 * are read in order, and EP_WINOGRAD_PRODUCT defines a function for one number of pairs, at
 * most 40, without a loop over them.  The sums follow V's rows at once: steps->sums is 0. */
#ifndef EP_CONV_2D_S8_WINOGRAD_UNROLLED_H
#define EP_CONV_2D_S8_WINOGRAD_UNROLLED_H

#include "ep_conv_2d_s8_winograd_product.h"
#include "ep_dsp.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* Pair `pair` of V behind r0 and of U behind r1, `place` places on, of `pairs` pairs; as in
 * ep_conv_2d_s8_winograd_product.c. */
#define EP_WINOGRAD_LOAD                                                                           \
    "ldr.w r2, [r1, #((place * pairs + pair) * 8)]\n"                                              \
    "ldr.w r3, [r1, #((place * pairs + pair) * 8 + 4)]\n"                                          \
    "ldr.w r12, [r0, #(pair * 96 + place * 4)]\n"                                                  \
    "ldr.w lr, [r0, #(pair * 96 + place * 4 + 24)]\n"

#define EP_WINOGRAD_LOAD_MORE                                                                      \
    "ldr.w r12, [r0, #(pair * 96 + place * 4 + 48)]\n"                                             \
    "ldr.w lr, [r0, #(pair * 96 + place * 4 + 72)]\n"

#define EP_WINOGRAD_PLACE                                                                          \
    __asm__(".set pair, 0\n" EP_WINOGRAD_LOAD "smuad r4, r2, r12\n"                                \
            "smuad r5, r2, lr\n"                                                                   \
            "smuad r8, r3, r12\n"                                                                  \
            "smuad r9, r3, lr\n" EP_WINOGRAD_LOAD_MORE "smuad r6, r2, r12\n"                       \
            "smuad r7, r2, lr\n"                                                                   \
            "smuad r10, r3, r12\n"                                                                 \
            "smuad r11, r3, lr\n"                                                                  \
            ".rept pairs - 1\n"                                                                    \
            ".set pair, pair + 1\n" EP_WINOGRAD_LOAD "smlad r4, r2, r12, r4\n"                     \
            "smlad r5, r2, lr, r5\n"                                                               \
            "smlad r8, r3, r12, r8\n"                                                              \
            "smlad r9, r3, lr, r9\n" EP_WINOGRAD_LOAD_MORE "smlad r6, r2, r12, r6\n"               \
            "smlad r7, r2, lr, r7\n"                                                               \
            "smlad r10, r3, r12, r10\n"                                                            \
            "smlad r11, r3, lr, r11\n"                                                             \
            ".endr\n"                                                                              \
            ".set sums, pairs * 96 + place * 4\n"                                                  \
            "str.w r4, [r0, #(sums)]\n"                                                            \
            "str.w r5, [r0, #(sums + 24)]\n"                                                       \
            "str.w r6, [r0, #(sums + 48)]\n"                                                       \
            "str.w r7, [r0, #(sums + 72)]\n"                                                       \
            "str.w r8, [r0, #(sums + 96)]\n"                                                       \
            "str.w r9, [r0, #(sums + 120)]\n"                                                      \
            "str.w r10, [r0, #(sums + 144)]\n"                                                     \
            "str.w r11, [r0, #(sums + 168)]\n"                                                     \
            ".set place, place + 1\n")

/* Three places per round.  On the stack: 0 r0 at the end of this row, 4 row_step - 24, 8 r0 at
 * the end of the last row. */
#define EP_WINOGRAD_PRODUCT(NAME, PAIRS)                                                           \
    __attribute__((naked, noinline)) static void NAME(EP_UNUSED const uint8_t *v,                  \
                                                      EP_UNUSED const uint8_t *u,                  \
                                                      EP_UNUSED const ep_winograd_steps *steps) {  \
        __asm__("push.w {r4-r11, lr}\n"                                                            \
                "sub.w sp, sp, #12\n"                                                              \
                "ldm.w r2, {r3, r4, r5, r6}\n"                                                     \
                "add.w r7, r0, #24\n"                                                              \
                "sub.w r8, r6, #24\n"                                                              \
                "add.w r9, r7, r6, lsl #2\n"                                                       \
                "add.w r9, r9, r6\n"                                                               \
                "str.w r7, [sp]\n"                                                                 \
                "str.w r8, [sp, #4]\n"                                                             \
                "str.w r9, [sp, #8]\n"                                                             \
                ".set pairs, " #PAIRS "\n"                                                         \
                ".balign 4\n"                                                                      \
                "1: .set place, 0\n");                                                             \
        EP_WINOGRAD_PLACE;                                                                         \
        EP_WINOGRAD_PLACE;                                                                         \
        EP_WINOGRAD_PLACE;                                                                         \
        __asm__("ldr.w lr, [sp]\n"                                                                 \
                "add.w r1, r1, #(24 * " #PAIRS ")\n"                                               \
                "add.w r0, r0, #12\n"                                                              \
                "cmp.w r0, lr\n"                                                                   \
                "bne.w 1b\n"                                                                       \
                "ldr.w r2, [sp, #4]\n"                                                             \
                "ldr.w r3, [sp, #8]\n"                                                             \
                "add.w r0, r0, r2\n"                                                               \
                "cmp.w lr, r3\n"                                                                   \
                "add.w lr, r0, #24\n"                                                              \
                "str.w lr, [sp]\n"                                                                 \
                "bne.w 1b\n"                                                                       \
                "add.w sp, sp, #12\n"                                                              \
                "pop.w {r4-r11, pc}\n");                                                           \
    }

#else

static inline void ep_winograd_product_in_order(const uint8_t *v, const uint8_t *u,
                                                const ep_winograd_steps *steps, int32_t pairs) {
    for (int32_t place = 0; place < 36; place++) {
        const uint8_t *row = v + (ptrdiff_t)(place / 6) * steps->row_step + 4 * (place % 6);
        uint8_t *sums = (uint8_t *)row + pairs * 96 + steps->sums;
        for (int32_t i = 0; i < 8; i++) {
            int32_t sum = 0;
            for (int32_t pair = 0; pair < pairs; pair++) {
                const uint32_t value = ep_load_word(row + pair * 96 + (i % 4) * 24);
                const uint32_t weight = ep_load_word(u + (place * pairs + pair) * 8 + (i / 4) * 4);
                sum = ep_smlad(value, weight, sum);
            }
            ep_store_word(sums + i * 24, (uint32_t)sum);
        }
    }
}

#define EP_WINOGRAD_PRODUCT(NAME, PAIRS)                                                           \
    static void NAME(const uint8_t *v, const uint8_t *u, const ep_winograd_steps *steps) {         \
        ep_winograd_product_in_order(v, u, steps, PAIRS);                                          \
    }

#endif
#endif
