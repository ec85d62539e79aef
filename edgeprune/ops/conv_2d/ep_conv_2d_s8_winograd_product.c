#include "ep_conv_2d_s8_winograd_product.h"
#include "ep_dsp.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* Pair `pair` behind r0 (V) and r1 (U): 8 products per 6 loads, in 16 cycles on a Cortex-M4.
 * Sums: r4-r7 of the first channel, r8-r11 of the second. */
#define PAIR(MULTIPLY, S4, S5, S6, S7, S8, S9, S10, S11)                                           \
    "ldr.w r2, [r1, #(pair * 288)]\n"                                                              \
    "ldr.w r3, [r1, #(pair * 288 + 144)]\n"                                                        \
    "ldr.w r12, [r0, #(pair * 96)]\n"                                                              \
    "ldr.w lr, [r0, #(pair * 96 + 24)]\n" MULTIPLY " r4, r2, r12" S4 "\n" MULTIPLY                 \
    " r5, r2, lr" S5 "\n" MULTIPLY " r8, r3, r12" S8 "\n" MULTIPLY " r9, r3, lr" S9 "\n"           \
    "ldr.w r12, [r0, #(pair * 96 + 48)]\n"                                                         \
    "ldr.w lr, [r0, #(pair * 96 + 72)]\n" MULTIPLY " r6, r2, r12" S6 "\n" MULTIPLY                 \
    " r7, r2, lr" S7 "\n" MULTIPLY " r10, r3, r12" S10 "\n" MULTIPLY " r11, r3, lr" S11 "\n"

#define FIRST_PAIR PAIR("smuad", "", "", "", "", "", "", "", "")
#define NEXT_PAIR PAIR("smlad", ", r4", ", r5", ", r6", ", r7", ", r8", ", r9", ", r10", ", r11")

/* On the stack: 0 sums, 4 v_back, 8 u_back, 12 r0 at the end of this row, 16 row_step - 24,
 * 20 r0 at the end of the last row, 24 r0 at the end of the loop, 28 bytes of V's row. */
#define PRODUCT(FIRST, NOTE_END, LOOP)                                                             \
    __asm__("push.w {r4-r11, lr}\n"                                                                \
            "sub.w sp, sp, #36\n"                                                                  \
            "ldm.w r2, {r3, r4, r5, r6}\n"                                                         \
            "add.w r7, r0, #24\n"                                                                  \
            "sub.w r8, r6, #24\n"                                                                  \
            "add.w r9, r7, r6, lsl #2\n"                                                           \
            "add.w r9, r9, r6\n"                                                                   \
            "add.w r10, r4, #4\n"                                                                  \
            "str.w r3, [sp]\n"                                                                     \
            "str.w r4, [sp, #4]\n"                                                                 \
            "str.w r5, [sp, #8]\n"                                                                 \
            "str.w r7, [sp, #12]\n"                                                                \
            "str.w r8, [sp, #16]\n"                                                                \
            "str.w r9, [sp, #20]\n"                                                                \
            "str.w r10, [sp, #28]\n"                                                               \
            ".balign 4\n"                                                                          \
            "1:\n" NOTE_END ".set pair, 0\n" FIRST_PAIR ".rept " FIRST " - 1\n"                    \
            ".set pair, pair + 1\n" NEXT_PAIR ".endr\n"                                            \
            "add.w r1, r1, #(" FIRST " * 288)\n"                                                   \
            "add.w r0, r0, #(" FIRST " * 96)\n" LOOP "ldr.w r2, [sp]\n"                            \
            "ldr.w r3, [sp, #4]\n"                                                                 \
            "ldr.w r12, [sp, #8]\n"                                                                \
            "ldr.w lr, [sp, #12]\n"                                                                \
            "add.w r2, r2, r0\n"                                                                   \
            "sub.w r0, r0, r3\n"                                                                   \
            "sub.w r1, r1, r12\n"                                                                  \
            "str.w r4, [r2]\n"                                                                     \
            "str.w r5, [r2, #24]\n"                                                                \
            "str.w r6, [r2, #48]\n"                                                                \
            "str.w r7, [r2, #72]\n"                                                                \
            "str.w r8, [r2, #96]\n"                                                                \
            "str.w r9, [r2, #120]\n"                                                               \
            "str.w r10, [r2, #144]\n"                                                              \
            "str.w r11, [r2, #168]\n"                                                              \
            "cmp.w r0, lr\n"                                                                       \
            "bne.w 1b\n"                                                                           \
            "ldr.w r2, [sp, #16]\n"                                                                \
            "ldr.w r3, [sp, #20]\n"                                                                \
            "add.w r0, r0, r2\n"                                                                   \
            "cmp.w lr, r3\n"                                                                       \
            "add.w lr, r0, #24\n"                                                                  \
            "str.w lr, [sp, #12]\n"                                                                \
            "bne.w 1b\n"                                                                           \
            "add.w sp, sp, #36\n"                                                                  \
            "pop.w {r4-r11, pc}\n")

#define NOTE_END                                                                                   \
    "ldr.w r2, [sp, #28]\n"                                                                        \
    "add.w r2, r2, r0\n"                                                                           \
    "str.w r2, [sp, #24]\n"

#define LOOP                                                                                       \
    "2: .set pair, 0\n"                                                                            \
    ".rept 6\n" NEXT_PAIR ".set pair, pair + 1\n"                                                  \
    ".endr\n"                                                                                      \
    "ldr.w lr, [sp, #24]\n"                                                                        \
    "add.w r0, r0, #576\n"                                                                         \
    "add.w r1, r1, #1728\n"                                                                        \
    "cmp.w r0, lr\n"                                                                               \
    "bne.w 2b\n"

#define DEFINE(NAME, FIRST, NOTE_END, LOOP)                                                        \
    __attribute__((naked, noinline)) void NAME(EP_UNUSED const uint8_t *v,                         \
                                               EP_UNUSED const uint8_t *u,                         \
                                               EP_UNUSED const ep_winograd_steps *steps) {         \
        PRODUCT(FIRST, NOTE_END, LOOP);                                                            \
    }

DEFINE(ep_winograd_product_2, "2", "", "")
DEFINE(ep_winograd_product_4, "4", "", "")
DEFINE(ep_winograd_product_6, "6", "", "")
DEFINE(ep_winograd_product_8, "8", "", "")
DEFINE(ep_winograd_product_4_looped, "4", NOTE_END, LOOP)
DEFINE(ep_winograd_product_6_looped, "6", NOTE_END, LOOP)
DEFINE(ep_winograd_product_8_looped, "8", NOTE_END, LOOP)

#else

static void product(const uint8_t *v, const uint8_t *u, const ep_winograd_steps *steps) {
    const int32_t row_bytes = steps->v_back + 4;
    const int32_t pairs = row_bytes / 96;
    for (int32_t place = 0; place < 36; place++) {
        const uint8_t *row = v + (ptrdiff_t)(place / 6) * steps->row_step + 4 * (place % 6);
        uint8_t *sums = (uint8_t *)row + row_bytes + steps->sums;
        for (int32_t i = 0; i < 8; i++) {
            int32_t sum = 0;
            for (int32_t pair = 0; pair < pairs; pair++) {
                const uint32_t value = ep_load_word(row + pair * 96 + (i % 4) * 24);
                const uint32_t weight = ep_load_word(u + pair * 288 + (i / 4) * 144 + 4 * place);
                sum = ep_smlad(value, weight, sum);
            }
            ep_store_word(sums + i * 24, (uint32_t)sum);
        }
    }
}

#define DEFINE(NAME)                                                                               \
    void NAME(const uint8_t *v, const uint8_t *u, const ep_winograd_steps *steps) {                \
        product(v, u, steps);                                                                      \
    }

DEFINE(ep_winograd_product_2)
DEFINE(ep_winograd_product_4)
DEFINE(ep_winograd_product_6)
DEFINE(ep_winograd_product_8)
DEFINE(ep_winograd_product_4_looped)
DEFINE(ep_winograd_product_6_looped)
DEFINE(ep_winograd_product_8_looped)

#endif
