#include "ep_affine_s8.h"
#include "ep_dsp.h"

enum { FRACTION_BITS = 20 };

/* One value; `sum` holds the offset and the shares of all inputs. */
static int8_t finish(const ep_affine *a, uint32_t sum) {
    const int32_t value = ep_clamp((int32_t)sum >> FRACTION_BITS, INT8_MIN, INT8_MAX);
    return (int8_t)ep_clamp(value, (int8_t)(a->low & 0xffu), (int8_t)(a->high & 0xffu));
}

static uint32_t share(int32_t factor, int32_t value) {
    return (uint32_t)(int32_t)(((int64_t)factor * value) >> 8);
}

#if defined(__ARM_FEATURE_DSP)

/* Four values at a time, whole words only.  A byte in the upper half of a halfword is the
 * value times 256, and SMLAWB and SMLAWT drop 16 bits of the product with 32 bits. */
static EP_NAKED int8_t *affine_words(const ep_affine *a EP_UNUSED, const int8_t *row EP_UNUSED,
                                     int8_t *output EP_UNUSED, const int8_t *end EP_UNUSED) {
    __asm__("push {r4-r11}\n"
            "ldr r4, [r0]\n"           /* factor */
            "ldr r5, [r0, #8]\n"       /* offset */
            "ldrd r6, r7, [r0, #12]\n" /* low, high */
            "mov r8, #0xff00ff00\n"
            ".balign 4\n"
            "1:\n"
            "ldr r9, [r1], #4\n"
            "and r10, r8, r9, lsl #8\n" /* bytes 0 and 2 */
            "and r9, r9, r8\n"          /* bytes 1 and 3 */
            "smlawb r11, r4, r10, r5\n"
            "smlawt r12, r4, r10, r5\n"
            "smlawb r10, r4, r9, r5\n"
            "smlawt r0, r4, r9, r5\n"
            "ssat r11, #8, r11, asr #20\n"
            "ssat r12, #8, r12, asr #20\n"
            "ssat r10, #8, r10, asr #20\n"
            "ssat r0, #8, r0, asr #20\n"
            "bfi r11, r10, #8, #8\n"
            "bfi r11, r12, #16, #8\n"
            "bfi r11, r0, #24, #8\n"
            "ssub8 r9, r11, r6\n"
            "sel r11, r11, r6\n"
            "ssub8 r9, r7, r11\n"
            "sel r11, r11, r7\n"
            "str r11, [r2], #4\n"
            "cmp r1, r3\n"
            "bne 1b\n"
            "mov r0, r2\n"
            "pop {r4-r11}\n"
            "bx lr\n");
}

/* One word of outputs in r11 from a word of each input; r9, r10, r12, r0 are lost. */
#define PAIR_WORD                                                                                  \
    "ldr r9, [r1], #4\n"                                                                           \
    "ldr r10, [r2], #4\n"                                                                          \
    "and r0, r8, r9, lsl #8\n"                                                                     \
    "and r12, r8, r10, lsl #8\n"                                                                   \
    "and r9, r9, r8\n"                                                                             \
    "and r10, r10, r8\n"                                                                           \
    "smlawb r11, r4, r0, r6\n"                                                                     \
    "smlawb r11, r5, r12, r11\n"                                                                   \
    "smlawt r0, r4, r0, r6\n"                                                                      \
    "smlawt r0, r5, r12, r0\n"                                                                     \
    "smlawb r12, r4, r9, r6\n"                                                                     \
    "smlawb r12, r5, r10, r12\n"                                                                   \
    "smlawt r9, r4, r9, r6\n"                                                                      \
    "smlawt r9, r5, r10, r9\n"                                                                     \
    "ssat r11, #8, r11, asr #20\n"                                                                 \
    "ssat r12, #8, r12, asr #20\n"                                                                 \
    "ssat r0, #8, r0, asr #20\n"                                                                   \
    "ssat r9, #8, r9, asr #20\n"                                                                   \
    "bfi r11, r12, #8, #8\n"                                                                       \
    "bfi r11, r0, #16, #8\n"                                                                       \
    "bfi r11, r9, #24, #8\n"

/* The same for two rows; `end` is the first row's.  Bounds lie on the stack, and where they
 * are those of int8, a loop without them runs. */
static EP_NAKED int8_t *pair_words(const ep_affine *a EP_UNUSED, const int8_t *first EP_UNUSED,
                                   const int8_t *second EP_UNUSED, int8_t *output EP_UNUSED,
                                   const int8_t *end EP_UNUSED) {
    __asm__("push {r4-r11}\n"
            "ldr r7, [sp, #32]\n"      /* end */
            "ldrd r4, r5, [r0]\n"      /* factors */
            "ldr r6, [r0, #8]\n"       /* offset */
            "ldrd r8, r9, [r0, #12]\n" /* low, high */
            "push {r8, r9}\n"
            "cmp r8, #0x80808080\n"
            "it eq\n"
            "cmpeq r9, #0x7f7f7f7f\n"
            "mov r8, #0xff00ff00\n"
            "beq.w 2f\n"
            ".balign 4\n"
            "1:\n" PAIR_WORD "ldrd r9, r10, [sp]\n"
            "ssub8 r0, r11, r9\n"
            "sel r11, r11, r9\n"
            "ssub8 r0, r10, r11\n"
            "sel r11, r11, r10\n"
            "str r11, [r3], #4\n"
            "cmp r1, r7\n"
            "bne 1b\n"
            "b 3f\n"
            "2:\n" /* into the unrolled loop, so that its last round is whole */
            "sub r9, r1, r7\n"
            "and r9, r9, #12\n"
            "mov r10, #22\n" /* instructions per word, of four bytes each */
            "mul r9, r9, r10\n"
            "adr.w r10, 4f\n"
            "add r10, r10, r9\n"
            "add r10, r10, #1\n"
            "bx r10\n"
            ".balign 4\n"
            "4:\n"
            ".rept 4\n" PAIR_WORD "str r11, [r3], #4\n"
            ".endr\n"
            "cmp r1, r7\n"
            "bne.w 4b\n"
            "3:\n"
            "mov r0, r3\n"
            "add sp, sp, #8\n"
            "pop {r4-r11}\n"
            "bx lr\n");
}

#else

static int8_t *pair_words(const ep_affine *a, const int8_t *first, const int8_t *second,
                          int8_t *output, const int8_t *end) {
    while (first != end) {
        const uint32_t sum = share(a->factor[0], *first++) + share(a->factor[1], *second++);
        *output++ = finish(a, sum + (uint32_t)a->offset);
    }
    return output;
}

static int8_t *affine_words(const ep_affine *a, const int8_t *row, int8_t *output,
                            const int8_t *end) {
    while (row != end) {
        *output++ = finish(a, share(a->factor[0], *row++) + (uint32_t)a->offset);
    }
    return output;
}

#endif

void ep_affine_s8(const ep_affine *a, const int8_t *row, int8_t *output, int32_t count) {
    const int32_t whole = count & ~3;
    if (whole > 0) {
        output = affine_words(a, row, output, row + whole);
    }
    for (int32_t i = whole; i < count; i++) {
        *output++ = finish(a, share(a->factor[0], row[i]) + (uint32_t)a->offset);
    }
}

void ep_affine_pair_s8(const ep_affine *a, const int8_t *first, const int8_t *second,
                       int8_t *output, int32_t count) {
    const int32_t whole = count & ~3;
    if (whole > 0) {
        output = pair_words(a, first, second, output, first + whole);
    }
    for (int32_t i = whole; i < count; i++) {
        const uint32_t sum = share(a->factor[0], first[i]) + share(a->factor[1], second[i]);
        *output++ = finish(a, sum + (uint32_t)a->offset);
    }
}

static void affine_row(const ep_affine *a, const ep_broadcast *b, const int8_t *first,
                       const int8_t *second, int8_t *output) {
    if (b->first_step[3] == 0) {
        const ep_affine rest = ep_affine_of_second(a, *first);
        ep_affine_s8(&rest, second, output, b->extent[3]);
    } else if (b->second_step[3] == 0) {
        const ep_affine rest = ep_affine_of_first(a, *second);
        ep_affine_s8(&rest, first, output, b->extent[3]);
    } else {
        ep_affine_pair_s8(a, first, second, output, b->extent[3]);
    }
}

void ep_affine_broadcast_s8(const ep_affine *a, const ep_broadcast *b, const int8_t *first,
                            const int8_t *second, int8_t *output) {
    const int32_t *f = b->first_step;
    const int32_t *s = b->second_step;
    for (int32_t i = 0; i < b->extent[0]; i++) {
        for (int32_t k = 0; k < b->extent[1]; k++) {
            for (int32_t m = 0; m < b->extent[2]; m++) {
                affine_row(a, b, first + i * f[0] + k * f[1] + m * f[2],
                           second + i * s[0] + k * s[1] + m * s[2], output);
                output += b->extent[3];
            }
        }
    }
}
