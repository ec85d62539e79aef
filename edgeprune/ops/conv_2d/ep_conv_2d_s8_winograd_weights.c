#include "ep_conv_2d_s8_winograd_weights.h"
#include "ep_dsp.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* G times (W0, W1, W2), six words, to r1 + PLACE; r11, r12 and lr are free. */
#define ROW(PLACE, W0, W1, W2)                                                                     \
    "sadd16 r11, " W0 ", " W2 "\n"                                                                 \
    "sadd16 r12, r11, " W1 "\n"                                                                    \
    "ssub16 r11, r11, " W1 "\n"                                                                    \
    "str.w " W0 ", [r1, #" #PLACE "]\n"                                                            \
    "str.w r12, [r1, #" #PLACE " + 4]\n"                                                           \
    "str.w r11, [r1, #" #PLACE " + 8]\n"                                                           \
    "sadd16 r11, " W2 ", " W2 "\n"                                                                 \
    "sadd16 r12, " W1 ", " W1 "\n"                                                                 \
    "sadd16 r11, r11, r11\n"                                                                       \
    "sadd16 r11, r11, " W0 "\n"                                                                    \
    "sadd16 lr, r11, r12\n"                                                                        \
    "ssub16 r11, r11, r12\n"                                                                       \
    "str.w lr, [r1, #" #PLACE " + 12]\n"                                                           \
    "str.w r11, [r1, #" #PLACE " + 16]\n"                                                          \
    "str.w " W2 ", [r1, #" #PLACE " + 20]\n"

#define EXPAND(ROTATION)                                                                           \
    "sxtb16 r2, r2" ROTATION "\n"                                                                  \
    "sxtb16 r3, r3" ROTATION "\n"                                                                  \
    "sxtb16 r4, r4" ROTATION "\n"                                                                  \
    "sxtb16 r5, r5" ROTATION "\n"                                                                  \
    "sxtb16 r6, r6" ROTATION "\n"                                                                  \
    "sxtb16 r7, r7" ROTATION "\n"                                                                  \
    "sxtb16 r8, r8" ROTATION "\n"                                                                  \
    "sxtb16 r9, r9" ROTATION "\n"                                                                  \
    "sxtb16 r10, r10" ROTATION "\n"

/* (A0, A1, A2) = (A0, A1, A2) OP (B0, B1, B2) */
#define EACH(OP, A0, A1, A2, B0, B1, B2)                                                           \
    OP " " A0 ", " A0 ", " B0 "\n" OP " " A1 ", " A1 ", " B1 "\n" OP " " A2 ", " A2 ", " B2 "\n"

/* Filter rows w0, w2 of one column become w0 + w2 and w0 + 4 w2. */
#define OUTER(W0, W2)                                                                              \
    "sadd16 r11, " W2 ", " W2 "\n"                                                                 \
    "sadd16 " W0 ", " W0 ", " W2 "\n"                                                              \
    "sadd16 " W2 ", " W2 ", r11\n"                                                                 \
    "sadd16 " W2 ", " W2 ", " W0 "\n"

/* r0 taps, r1 record, r2-r4, r5-r7, r8-r10 the filter's rows; the stack counts records, an odd
 * one left means the second half of four channels. */
__attribute__((naked, noinline)) void
ep_winograd_weights(EP_UNUSED const int8_t *taps, EP_UNUSED uint8_t *u, EP_UNUSED int32_t pairs) {
    __asm__(
        "push.w {r2, r4-r11, lr}\n"
        ".balign 4\n"
        "1: ldm.w r0, {r2-r10}\n" EXPAND(
            "") "b.w 3f\n"
                ".balign 4\n"
                "2: ldm.w r0!, {r2-r10}\n" EXPAND(", ror #8") "3:\n" ROW(0, "r2", "r3", "r4") ROW(
                    120, "r8", "r9", "r10") OUTER("r2", "r8") OUTER("r3", "r9") OUTER("r4", "r10")
                    EACH("sadd16", "r2", "r3", "r4", "r5", "r6", "r7") ROW(24, "r2", "r3", "r4")
                        EACH("sadd16", "r5", "r6", "r7", "r5", "r6", "r7") EACH(
                            "ssub16", "r2", "r3", "r4", "r5", "r6", "r7") ROW(48, "r2", "r3", "r4")
                            EACH("sadd16", "r8", "r9", "r10", "r5", "r6", "r7")
                                ROW(72, "r8", "r9", "r10") EACH("sadd16", "r5", "r6", "r7", "r5",
                                                                "r6", "r7")
                                    EACH("ssub16", "r8", "r9", "r10", "r5", "r6", "r7")
                                        ROW(96, "r8", "r9", "r10") "ldr.w r11, [sp]\n"
                                                                   "add.w r1, r1, #288\n"
                                                                   "subs.w r11, r11, #1\n"
                                                                   "str.w r11, [sp]\n"
                                                                   "beq.w 4f\n"
                                                                   "tst.w r11, #1\n"
                                                                   "bne.w 2b\n"
                                                                   "b.w 1b\n"
                                                                   "4: pop.w {r2, r4-r11, pc}\n");
}

#else

static uint32_t ep_sadd16(uint32_t a, uint32_t b) {
    return ((a + b) & 0xffffu) | ((a & 0xffff0000u) + (b & 0xffff0000u));
}

static uint32_t ep_ssub16(uint32_t a, uint32_t b) {
    return ((a - b) & 0xffffu) | ((a & 0xffff0000u) - (b & 0xffff0000u));
}

/* G times three words of two halves each. */
static void transform(const uint32_t w[3], uint32_t result[6]) {
    const uint32_t outer = ep_sadd16(w[0], w[2]);
    const uint32_t middle2 = ep_sadd16(w[1], w[1]);
    const uint32_t last2 = ep_sadd16(w[2], w[2]);
    const uint32_t outer4 = ep_sadd16(w[0], ep_sadd16(last2, last2));
    result[0] = w[0];
    result[1] = ep_sadd16(outer, w[1]);
    result[2] = ep_ssub16(outer, w[1]);
    result[3] = ep_sadd16(outer4, middle2);
    result[4] = ep_ssub16(outer4, middle2);
    result[5] = w[2];
}

void ep_winograd_weights(const int8_t *taps, uint8_t *u, int32_t pairs) {
    for (int32_t pair = 0; pair < pairs; pair++) {
        const int8_t *four = taps + (ptrdiff_t)(pair / 2) * 36;
        uint32_t columns[3][6];
        for (int32_t x = 0; x < 3; x++) {
            uint32_t w[3];
            for (int32_t y = 0; y < 3; y++) {
                const uint32_t word = ep_load_word(four + (3 * y + x) * 4);
                w[y] = pair % 2 ? ep_sxtb16_odd(word) : ep_sxtb16(word);
            }
            transform(w, columns[x]);
        }
        for (int32_t i = 0; i < 6; i++) {
            const uint32_t w[3] = {columns[0][i], columns[1][i], columns[2][i]};
            uint32_t row[6];
            transform(w, row);
            for (int32_t j = 0; j < 6; j++) {
                ep_store_word(u + (ptrdiff_t)pair * 288 + 24 * i + 4 * j, row[j]);
            }
        }
    }
}

#endif
