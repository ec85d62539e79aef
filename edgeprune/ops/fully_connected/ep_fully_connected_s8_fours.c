#include "ep_fully_connected_s8_fours.h"

#if defined(__thumb__)

/* Store channel r7 and go on, or leave after the last. */
#define EP_FOURS_CHANNEL(sum)                                                                      \
    "ep_scalar_channel\n"                                                                          \
    "ep_scalar_store " sum ", 20\n"                                                                \
    "adds r7, #1\n"                                                                                \
    "ldr r0, [sp, #16]\n"                                                                          \
    "cmp r7, r0\n"                                                                                 \
    "bne 93f\n"                                                                                    \
    "b 33f\n"                                                                                      \
    "93:\n"

/* Thumb-1 only, so that every core runs it.  Frame on the stack:
 *   0 weights, 4 end of the row, 8 minus its length, 12 stage, 16 channels, 20 output, 24 sums */
__asm__(".syntax unified\n" EP_SCALAR_MACROS ".thumb\n"
        ".section .text.ep_fully_connected_row_s8,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global ep_fully_connected_row_s8\n"
        ".type ep_fully_connected_row_s8,%function\n"
        ".thumb_func\n"
        "ep_fully_connected_row_s8:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r4, r5, r6, r7}\n"
        "sub sp, #44\n"
        "str r2, [sp, #20]\n"
        "ldmia r0!, {r2, r3, r4, r5, r6, r7}\n"
        "str r2, [sp, #12]\n"
        "str r3, [sp, #16]\n"
        "mov r12, r4\n"
        "mov lr, r5\n"
        "adds r1, r1, r6\n"
        "str r1, [sp, #4]\n"
        "rsbs r6, r6, #0\n"
        "str r6, [sp, #8]\n"
        "str r7, [sp, #0]\n"
        "movs r2, #1\n"
        "lsls r3, r2, #27\n"
        "lsls r2, r2, #15\n"
        "adds r2, r2, r3\n"
        "mov r8, r2\n"
        "movs r7, #0\n"

        "31:\n" /* four channels */
        "ldr r0, [sp, #4]\n"
        "ldr r1, [sp, #0]\n"
        "ldr r2, [sp, #8]\n"
        "movs r6, #0\n"
        "mov r9, r6\n"
        "mov r10, r6\n"
        "mov r11, r6\n"

        ".balign 8\n"
        "32:\n"
        "ldrsb r3, [r0, r2]\n"
        "ldmia r1!, {r4}\n"
        "sxtb r5, r4\n"
        "muls r5, r3, r5\n"
        "adds r6, r6, r5\n"
        "asrs r4, r4, #8\n"
        "sxtb r5, r4\n"
        "muls r5, r3, r5\n"
        "add r9, r5\n"
        "asrs r4, r4, #8\n"
        "sxtb r5, r4\n"
        "muls r5, r3, r5\n"
        "add r10, r5\n"
        "asrs r4, r4, #8\n"
        "muls r4, r3, r4\n"
        "add r11, r4\n"
        "adds r2, #1\n"
        "bne 32b\n"

        "str r1, [sp, #0]\n"
        "mov r3, r9\n"
        "mov r4, r10\n"
        "mov r5, r11\n"
        "str r6, [sp, #24]\n"
        "str r3, [sp, #28]\n"
        "str r4, [sp, #32]\n"
        "str r5, [sp, #36]\n"
        /* the sums become outputs */
        EP_FOURS_CHANNEL("24") EP_FOURS_CHANNEL("28") EP_FOURS_CHANNEL("32")
            EP_FOURS_CHANNEL("36") "b 31b\n"

                                   "33:\n"
                                   "add sp, #44\n"
                                   "pop {r4, r5, r6, r7}\n"
                                   "mov r8, r4\n"
                                   "mov r9, r5\n"
                                   "mov r10, r6\n"
                                   "mov r11, r7\n"
                                   "pop {r4, r5, r6, r7, pc}\n"
                                   ".size ep_fully_connected_row_s8, .-ep_fully_connected_row_s8\n"
                                   ".text\n");

#else

void ep_fully_connected_row_s8(const ep_fully_connected_s8_fours_params *p, const int8_t *input,
                               int8_t *output) {
    for (int32_t channel = 0; channel < p->stage.channels; channel++) {
        const int8_t *weights = p->weights + (ptrdiff_t)(channel / 4) * 4 * p->depth + channel % 4;
        int32_t sum = 0;
        for (int32_t i = 0; i < p->depth; i++) {
            sum += input[i] * weights[4 * i];
        }
        output[channel] = ep_scalar_finish(&p->stage, channel, (uint32_t)sum);
    }
}

#endif

void ep_fully_connected_s8_fours(const ep_fully_connected_s8_fours_params *p, const int8_t *input,
                                 int8_t *output, void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        ep_fully_connected_row_s8(p, input, output);
        input += p->depth;
        output += p->stage.channels;
    }
}
