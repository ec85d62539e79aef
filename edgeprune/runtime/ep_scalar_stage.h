/* Requantization for cores without DSP extension, with products of 32 bits only.
 *
 * For sums within 27 bits, sum = 2^15 * ah + al with 0 <= al < 2^15, and a mantissa 2^16 * mh + ml:
 *
 *     round(sum * mantissa / 2^31) = ah * mh + (2 * al * mh + ah * ml + (al * ml >> 15) + 2^15) >>
 * 16
 *
 * where 2^27 inside the brackets keeps them positive.  `offset` takes that away again; it also
 * holds what rounds the right shift and the output's zero point, shifted left.  Ties of negative
 * numbers go down, so one is taken from them before the shift. */
#ifndef EP_SCALAR_STAGE_H
#define EP_SCALAR_STAGE_H

#include "ep_runtime.h"

/* What makes int8 of a channel's sums: four words. */
enum {
    EP_SCALAR_BIAS, /* with the input zero point's share */
    EP_SCALAR_MANTISSA,
    EP_SCALAR_OFFSET,
    EP_SCALAR_SHIFT, /* to the right, 1 to 22 */
    EP_SCALAR_WORDS
};

typedef struct {
    const int32_t *words; /* [channels][EP_SCALAR_WORDS] */
    int32_t channels;
    int32_t low;
    int32_t high;
} ep_scalar_stage;

#if defined(__thumb__)

/* The same in Thumb-1.  Registers that it takes for granted: r7 the output channel, r8 2^27 + 2^15,
 * r12 and lr the clamps.  sp + 12 holds the place in the stage.  r0 to r6 are lost. */

/* Assembler macros, to stand once at the head of a file's assembly.
 * ep_scalar_channel fetches what the stage says of the next channel: r4, r5 the halves of the
 * mantissa, r9 offset, r10 shift, r11 bias.  ep_scalar_store requantizes the sum at sp + `from`
 * and stores it into the pixel whose address sp + `to` holds. */
#define EP_SCALAR_MACROS                                                                           \
    ".macro ep_scalar_channel\n"                                                                   \
    "ldr r0, [sp, #12]\n"                                                                          \
    "ldmia r0!, {r1, r2, r3, r4}\n"                                                                \
    "str r0, [sp, #12]\n"                                                                          \
    "mov r11, r1\n"                                                                                \
    "mov r9, r3\n"                                                                                 \
    "mov r10, r4\n"                                                                                \
    "lsrs r4, r2, #16\n"                                                                           \
    "uxth r5, r2\n"                                                                                \
    ".endm\n"                                                                                      \
    ".macro ep_scalar_store from, to\n"                                                            \
    "ldr r0, [sp, #\\from]\n"                                                                      \
    "add r0, r11\n"                                                                                \
    "asrs r1, r0, #15\n"                                                                           \
    "lsls r2, r0, #17\n"                                                                           \
    "lsrs r2, r2, #16\n"                                                                           \
    "movs r3, r2\n"                                                                                \
    "muls r3, r4, r3\n"                                                                            \
    "muls r2, r5, r2\n"                                                                            \
    "lsrs r2, r2, #16\n"                                                                           \
    "adds r3, r3, r2\n"                                                                            \
    "movs r6, r1\n"                                                                                \
    "muls r6, r5, r6\n"                                                                            \
    "adds r3, r3, r6\n"                                                                            \
    "add r3, r8\n"                                                                                 \
    "lsrs r3, r3, #16\n"                                                                           \
    "muls r1, r4, r1\n"                                                                            \
    "adds r3, r3, r1\n"                                                                            \
    "asrs r0, r0, #31\n"                                                                           \
    "adds r3, r3, r0\n"                                                                            \
    "add r3, r9\n"                                                                                 \
    "mov r6, r10\n"                                                                                \
    "asrs r3, r6\n"                                                                                \
    "ldr r6, [sp, #\\to]\n"                                                                        \
    "cmp r3, r12\n"                                                                                \
    "bge 1f\n"                                                                                     \
    "mov r3, r12\n"                                                                                \
    "1:\n"                                                                                         \
    "cmp r3, lr\n"                                                                                 \
    "ble 2f\n"                                                                                     \
    "mov r3, lr\n"                                                                                 \
    "2:\n"                                                                                         \
    "strb r3, [r6, r7]\n"                                                                          \
    ".endm\n"

#else

static inline int8_t ep_scalar_finish(const ep_scalar_stage *s, int32_t channel, uint32_t sum) {
    const int32_t *c = s->words + (ptrdiff_t)channel * EP_SCALAR_WORDS;
    const int32_t biased = (int32_t)(sum + (uint32_t)c[EP_SCALAR_BIAS]);
    const uint32_t above = (uint32_t)(biased >> 15);
    const uint32_t below = ((uint32_t)biased & 0x7fffu) * 2;
    const uint32_t high = (uint32_t)c[EP_SCALAR_MANTISSA] >> 16;
    const uint32_t low = (uint32_t)c[EP_SCALAR_MANTISSA] & 0xffffu;
    uint32_t value = below * high + ((below * low) >> 16) + above * low + 0x8008000u;
    value = (value >> 16) + above * high + (uint32_t)(biased >> 31) + (uint32_t)c[EP_SCALAR_OFFSET];
    return (int8_t)ep_clamp((int32_t)value >> c[EP_SCALAR_SHIFT], s->low, s->high);
}

#endif
#endif
