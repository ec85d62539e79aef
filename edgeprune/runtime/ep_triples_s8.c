#include "ep_triples_s8.h"

#if defined(__thumb__)

/* 16 cycles for three activations; r1 counts up to the ends of the pixels. */
__asm__(".syntax unified\n"
        ".thumb\n"
        ".section .text.ep_pack_triples_s8,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global ep_pack_triples_s8\n"
        ".type ep_pack_triples_s8,%function\n"
        ".thumb_func\n"
        "ep_pack_triples_s8:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "ldmia r0!, {r3, r4, r5}\n"
        "adds r3, r3, r1\n"
        "adds r4, r4, r1\n"
        "adds r5, r5, r1\n"
        "rsbs r1, r1, #0\n"
        "1:\n"
        "ldrsb r6, [r5, r1]\n"
        "ldrsb r0, [r3, r1]\n"
        "lsls r7, r6, #21\n"
        "adds r0, r0, r7\n"
        "lsls r6, r6, #10\n"
        "ldrsb r7, [r4, r1]\n"
        "adds r6, r6, r7\n"
        "stmia r2!, {r0, r6}\n"
        "adds r1, #1\n"
        "bne 1b\n"
        "movs r0, r2\n"
        "pop {r4, r5, r6, r7, pc}\n"
        ".size ep_pack_triples_s8, .-ep_pack_triples_s8\n"
        ".text\n");

/* Thumb-1 only, so that every core runs it.  Frame on the stack:
 *   0 columns, 4 their end, 8 bytes of a chunk, 12 stage, 16 channels, 20 three outputs,
 *   32 sums of two channels, 56 low, 60 high, 64 weights */
__asm__(".syntax unified\n" EP_SCALAR_MACROS ".thumb\n"
        ".section .text.ep_triples_s8,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global ep_triples_s8\n"
        ".type ep_triples_s8,%function\n"
        ".thumb_func\n"

        /* r6 and r3: the weight of a channel and of the next, times both words of an activation.
         * Products with the last weight overwrite the words. */
        ".macro ep_triples_step first, second\n"
        "\\first\n"
        "movs r7, r4\n"
        "muls r7, r6, r7\n"
        "add r8, r7\n"
        "muls r6, r5, r6\n"
        "add r9, r6\n"
        "\\second\n"
        "muls r4, r6, r4\n"
        "add r10, r4\n"
        "muls r5, r6, r5\n"
        "add r11, r5\n"
        ".endm\n"

        /* The three sums of two words into r2, r3, r4. */
        ".macro ep_triples_open low, high\n"
        "mov r2, \\low\n"
        "mov r3, \\high\n"
        "lsrs r4, r2, #21\n"
        "lsls r2, r2, #11\n"
        "lsrs r2, r2, #11\n"
        "lsls r6, r4, #10\n"
        "subs r3, r3, r6\n"
        "lsrs r6, r3, #21\n"
        "lsls r6, r6, #11\n"
        "adds r4, r4, r6\n"
        "lsls r3, r3, #11\n"
        "lsrs r3, r3, #11\n"
        ".endm\n"

        "ep_triples_s8:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r4, r5, r6, r7}\n"
        "sub sp, #68\n"
        "ldmia r2!, {r3, r4, r5}\n"
        "str r3, [sp, #20]\n"
        "str r4, [sp, #24]\n"
        "str r5, [sp, #28]\n"
        "str r1, [sp, #0]\n"
        "ldmia r0!, {r2, r3, r4, r5, r6, r7}\n"
        "str r2, [sp, #64]\n"
        "lsls r3, r3, #3\n"
        "adds r3, r3, r1\n"
        "str r3, [sp, #4]\n"
        "lsls r4, r4, #3\n"
        "str r4, [sp, #8]\n"
        "str r5, [sp, #12]\n"
        "str r6, [sp, #16]\n"
        "str r7, [sp, #56]\n"
        "ldr r0, [r0, #0]\n"
        "str r0, [sp, #60]\n"
        "movs r7, #0\n"
        "push {r7}\n" /* sp is 4 lower within the loops over chunks: the channel lies at 0 */

        "10:\n" /* two channels */
        "ldr r0, [sp, #4]\n"
        "ldr r1, [sp, #68]\n"
        "movs r2, #0\n"
        "mov lr, r2\n"

        "11:\n" /* a chunk */
        "movs r2, #1\n"
        "lsls r3, r2, #20\n"
        "mov r8, r3\n"
        "mov r10, r3\n"
        "lsls r2, r2, #30\n"
        "adds r2, r2, r3\n"
        "mov r9, r2\n"
        "mov r11, r2\n"
        "ldr r2, [sp, #12]\n"
        "adds r2, r2, r0\n"
        "ldr r3, [sp, #8]\n"
        "cmp r2, r3\n"
        "bls 12f\n"
        "mov r2, r3\n"
        "12:\n"
        "mov r12, r2\n"

        ".balign 8\n"
        "13:\n" /* four weights of both channels */
        "ldmia r1!, {r2, r3}\n"
        "ldmia r0!, {r4, r5}\n"
        "ep_triples_step \"sxtb r6, r2\", \"sxtb r6, r3\"\n"
        ".rept 2\n"
        "ldmia r0!, {r4, r5}\n"
        "asrs r2, r2, #8\n"
        "asrs r3, r3, #8\n"
        "ep_triples_step \"sxtb r6, r2\", \"sxtb r6, r3\"\n"
        ".endr\n"
        "ldmia r0!, {r4, r5}\n"
        "ep_triples_step \"asrs r6, r2, #8\", \"asrs r6, r3, #8\"\n"
        "cmp r0, r12\n"
        "bne 13b\n"

        "add r5, sp, #36\n"
        "mov r2, lr\n"
        "cmp r2, #0\n"
        "bne 14f\n"
        "ep_triples_open r8, r9\n"
        "stmia r5!, {r2, r3, r4}\n"
        "ep_triples_open r10, r11\n"
        "stmia r5!, {r2, r3, r4}\n"
        "b 16f\n"

        "14:\n" /* later chunks add to the sums of those before */
        "ep_triples_open r8, r9\n"
        "mov r8, r10\n"
        "mov r9, r11\n"
        "ldr r6, [r5, #0]\n"
        "adds r2, r2, r6\n"
        "ldr r6, [r5, #4]\n"
        "adds r3, r3, r6\n"
        "ldr r6, [r5, #8]\n"
        "adds r4, r4, r6\n"
        "stmia r5!, {r2, r3, r4}\n"
        "mov r2, lr\n"
        "subs r2, #1\n"
        "mov lr, r2\n"
        "bne 14b\n"

        "16:\n"
        "movs r2, #2\n"
        "mov lr, r2\n"
        "ldr r3, [sp, #8]\n"
        "cmp r0, r3\n"
        "beq 15f\n"
        "b 11b\n"

        "15:\n"

        "str r1, [sp, #68]\n"
        "pop {r7}\n"
        "ldr r2, [sp, #56]\n"
        "ldr r3, [sp, #60]\n"
        "mov r12, r2\n"
        "mov lr, r3\n"
        "movs r2, #1\n"
        "lsls r3, r2, #27\n"
        "lsls r2, r2, #15\n"
        "adds r2, r2, r3\n"
        "mov r8, r2\n"
        "ep_scalar_channel\n"
        "ep_scalar_store 32, 20\n"
        "ep_scalar_store 36, 24\n"

        "ep_scalar_store 40, 28\n"
        "adds r7, #1\n"
        "ldr r0, [sp, #16]\n"
        "cmp r7, r0\n"
        "bne 18f\n"
        "b 17f\n"

        "18:\n"
        "ep_scalar_channel\n"
        "ep_scalar_store 44, 20\n"

        "ep_scalar_store 48, 24\n"
        "ep_scalar_store 52, 28\n"
        "adds r7, #1\n"
        "ldr r0, [sp, #16]\n"
        "cmp r7, r0\n"
        "beq 17f\n"
        "push {r7}\n"
        "b 10b\n"

        "17:\n"
        "add sp, #68\n"
        "pop {r4, r5, r6, r7}\n"
        "mov r8, r4\n"
        "mov r9, r5\n"
        "mov r10, r6\n"
        "mov r11, r7\n"
        "pop {r4, r5, r6, r7, pc}\n"
        ".size ep_triples_s8, .-ep_triples_s8\n"
        ".purgem ep_triples_step\n"
        ".purgem ep_triples_open\n"
        ".text\n");

#else

uint32_t *ep_pack_triples_s8(const int8_t *const *pixels, int32_t count, uint32_t *columns) {
    const int8_t *first = pixels[0];
    const int8_t *second = pixels[1];
    const int8_t *third = pixels[2];
    for (int32_t i = 0; i < count; i++) {
        const uint32_t shared = (uint32_t)third[i];
        columns[0] = (uint32_t)first[i] + (shared << 21);
        columns[1] = (uint32_t)second[i] + (shared << 10);
        columns += 2;
    }
    return columns;
}

/* Add the products of `depth` weights, every eighth quad of `weights` apart, to three sums. */
static void add_chunk(const int8_t *weights, const uint32_t *columns, int32_t depth,
                      uint32_t *sums) {
    uint32_t low = (uint32_t)1 << 20;
    uint32_t high = ((uint32_t)1 << 20) + ((uint32_t)1 << 30);
    for (int32_t k = 0; k < depth; k++) {
        const uint32_t weight = (uint32_t)weights[(k / 4) * 8 + k % 4];
        low += columns[2 * k] * weight;
        high += columns[2 * k + 1] * weight;
    }
    const uint32_t shared = low >> 21;
    high -= shared << 10;
    sums[0] += low & 0x1fffffu;
    sums[1] += high & 0x1fffffu;
    sums[2] += shared + ((high >> 21) << 11);
}

void ep_triples_s8(const ep_triples *t, const uint32_t *columns, int8_t *const *outputs) {
    for (int32_t channel = 0; channel < t->stage.channels; channel++) {
        const int8_t *weights =
            t->weights + (ptrdiff_t)(channel / 2) * 2 * t->depth + channel % 2 * 4;
        uint32_t sums[3] = {0, 0, 0};
        for (int32_t k = 0; k < t->depth; k += t->chunk) {
            const int32_t left = t->depth - k;
            add_chunk(weights + 2 * (ptrdiff_t)k, columns + 2 * (ptrdiff_t)k,
                      left < t->chunk ? left : t->chunk, sums);
        }
        for (int32_t pixel = 0; pixel < 3; pixel++) {
            outputs[pixel][channel] = ep_scalar_finish(&t->stage, channel, sums[pixel]);
        }
    }
}

#endif
