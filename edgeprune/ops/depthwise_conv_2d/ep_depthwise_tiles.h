/* The filters of a depthwise convolution, which go over planes (ep_planes_s8.h).
 *
 * Outputs are made in tiles of 2x2, two taps per SMLAD; a column and a row that remain at the right
 * and at the bottom have tiles of their own.  What belongs to a channel stays in FPU registers.
 * Distances are parts of the instructions, so EP_DEPTHWISE defines a function for one shape.
 *
 * There are four kinds.  In their tables (a, b) is a word with a in the low and b in the high half:
 *   EP_3X3           3x3, stride 1: (a0, a1), (a2, b2), (b0, b1), (c0, c1), (c2, more) of rows a,
 * b, c EP_3X3_STRIDE_2  3x3, stride 2: (a0, a1), (b0, b1), (c0, c1), (a2, b2), (c2, more) EP_PAIRED
 * any window, stride and dilation 1 across: two outputs see the same words; per row and word (k0,
 * k1), (0, k0); (k2, k3), (k1, k2); ... EP_SPREAD        any window; each output sees words of its
 * own: per row (k0, k1), (k2, k3), ... The weights of 3x3 filters stay in registers, those of
 * others are read for every tile. Behind the taps of a channel follow, for functions that are made
 * for a shift, bias and factor, and where no word of taps has room for it also `more`: out =
 * SSAT8((offset + more + acc * factor / 2^32) >> shift) or, for shift 0, bias, factor, scale and
 * zero point: t = round(acc + acc * factor / 2^32), rounding up out = SSAT8(round(zero point - (2 *
 * t - (t < 0)) * scale / 2^32)), rounding up */
#ifndef EP_DEPTHWISE_TILES_H
#define EP_DEPTHWISE_TILES_H

#include "ep_planes_s8.h"

/* One band of rows of some channels. */
typedef struct {
    const int16_t *planes; /* of the first channel, at the first row and column of its windows */
    int8_t *output;        /* of the first channel */
    const int32_t *table;
    int32_t channels;
    int32_t step;   /* bytes from the planes of a channel to those of the next */
    int32_t rows;   /* of the output */
    int32_t offset; /* see above */
} ep_depthwise_job;

typedef enum { EP_3X3, EP_3X3_STRIDE_2, EP_PAIRED, EP_SPREAD } ep_depthwise_kind;

/* What EP_DEPTHWISE takes. */
typedef struct {
    ep_depthwise_kind kind;
    int32_t width;        /* of the output */
    int32_t right, below; /* from an output to the next in the row and to the one below, in bytes */
    int32_t shift;
    int32_t taps_down; /* rows of the filter */
    int32_t words;     /* pairs of taps that an output has words for in a row of the filter */
    /* Bytes of the planes: from a row of the filter to the next, from an output to the one below,
     * from a pair of outputs to the next in the row. */
    int32_t tap_row, down, advance;
} ep_depthwise_shape;

/* The same in C, for other machines. */
void ep_depthwise_plain(const ep_depthwise_shape *shape, const ep_depthwise_job *job);

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

/* C99 promises strings of 4095 characters; every compiler that knows this assembly takes more. */
#define EP_LONG_STRINGS_BEGIN                                                                      \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverlength-strings\"")
#define EP_LONG_STRINGS_END _Pragma("GCC diagnostic pop")

/* clang-format off */

/* Registers: r0 planes, r1 output, accumulators r10, r11 (upper row) and r12, r14 (lower row);
 * s0 bias, s1 to s3 requantization, s4 end of the row pairs, s5 end of the row, s6 planes,
 * s7 output, s8 table, s9 channels left, s10 step, s11 bytes of all row pairs, s12 odd row,
 * s13 taps, s14 offset. */

#define EP_DW_ONE(OP) OP("r10")
#define EP_DW_ACROSS(OP) OP("r10") OP("r11")
#define EP_DW_DOWN(OP) OP("r10") OP("r12")
#define EP_DW_SQUARE(OP) OP("r10") OP("r11") OP("r12") OP("r14")

#define EP_DW_SCALE(a) "smmla " a ", " a ", r2, r3\n"
#define EP_DW_NARROW(a) "ssat " a ", #8, " a ", asr #%c[shift]\n"
#define EP_DW_FIRST(a) "smmlar " a ", " a ", r2, " a "\n"
#define EP_DW_TWICE(a) "add.w " a ", " a ", " a "\n"
#define EP_DW_SIGN(a) "add.w " a ", " a ", " a ", asr #31\n"
#define EP_DW_SECOND(a) "smmlsr " a ", " a ", r2, r3\n"
#define EP_DW_SATURATE(a) "ssat " a ", #8, " a "\n"
#define EP_DW_FINISH(ALL)                                                                          \
    ".if %c[shift]\n"                                                                              \
    "vmov r2, s1\n vmov r3, s2\n" ALL(EP_DW_SCALE) ALL(EP_DW_NARROW)                               \
    ".else\n"                                                                                      \
    "vmov r2, s1\n" ALL(EP_DW_FIRST) ALL(EP_DW_TWICE) ALL(EP_DW_SIGN)                              \
    "vmov r2, s2\n vmov r3, s3\n" ALL(EP_DW_SECOND) ALL(EP_DW_SATURATE)                            \
    ".endif\n"

/* Stores; rows of the output may lie further apart than an offset reaches. */
#define EP_DW_STORE_SQUARE                                                                         \
    ".if %c[below] + %c[right] < 4096\n"                                                          \
    "strb.w r10, [r1]\n strb.w r11, [r1, #%c[right]]\n"                                         \
    "strb.w r12, [r1, #%c[below]]\n strb.w r14, [r1, #%c[below]+%c[right]]\n"                       \
    ".else\n"                                                                                      \
    "movw r3, #%c[below]\n add.w r3, r3, r1\n"                                                       \
    "strb.w r10, [r1]\n strb.w r11, [r1, #%c[right]]\n"                                         \
    "strb.w r12, [r3]\n strb.w r14, [r3, #%c[right]]\n"                                         \
    ".endif\n"                                                                                     \
    "addw r1, r1, #2*%c[right]\n"
#define EP_DW_STORE_DOWN "movw r3, #%c[below]\n strb.w r10, [r1]\n strb.w r12, [r1, r3]\n"
#define EP_DW_STORE_ACROSS                                                                         \
    "strb.w r10, [r1]\n strb.w r11, [r1, #%c[right]]\n addw r1, r1, #2*%c[right]\n"
#define EP_DW_STORE_ONE "strb.w r10, [r1]\n"

/* 3x3: row `k` of the planes; the last one read of a tile takes r0 to the next tile. */
#define EP_DW_STAGE_3X3(last)                                                                      \
    ".if %c[shift]\n"                                                                              \
    "vldmia r2!, {s0-s1}\n vmov r3, s14\n add.w r3, r3, " last ", asr #16\n vmov s2, r3\n"         \
    ".else\n"                                                                                     \
    "vldmia r2!, {s0-s3}\n"                                                                       \
    ".endif\n"
#define EP_DW1_TAPS                                                                                \
    "ldm.w r2!, {r4, r5, r6, r8, r9}\n" EP_DW_STAGE_3X3("r9")                                      \
    "lsr.w r3, r8, #16\n pkhbt r9, r3, r9, lsl #16\n"                                             \
    "lsr.w r3, r4, #16\n pkhtb r7, r5, r6, asr #16\n pkhbt r5, r3, r5, lsl #16\n"
#define EP_DW2_TAPS "ldm.w r2!, {r4-r8}\n" EP_DW_STAGE_3X3("r8")
#define EP_DW_LOAD_2(k)                                                                            \
    "ldr.w r2, [r0, #" #k "*%c[tap_row]]\n ldr.w r3, [r0, #" #k "*%c[tap_row]+16]\n"
#define EP_DW_LOAD_3(k) EP_DW_LOAD_2(k) "ldr.w r9, [r0, #" #k "*%c[tap_row]+32]\n"
#define EP_DW_NEXT_2 "ldr.w r3, [r0, #16]\n ldr.w r2, [r0], #16\n"
#define EP_DW_NEXT_3 "ldr.w r3, [r0, #16]\n ldr.w r9, [r0, #32]\n ldr.w r2, [r0], #32\n"

/* Stride 1: a row of the filter, whose words are `a` and `b`; `i` is what the sum starts from. */
#define EP_DW1_RIGHT(y, a, b, i)                                                                   \
    "smlatb " y ", r2, " a ", " i "\n smlad " y ", r3, " b ", " y "\n"
#define EP_DW1_LEFT(x, a, b, i)                                                                    \
    "smlad " x ", r2, " a ", " i "\n smlabt " x ", r3, " b ", " x "\n"
#define EP_DW1_UPPER(a, b) EP_DW1_RIGHT("r11", a, b, "r11") EP_DW1_LEFT("r10", a, b, "r10")
#define EP_DW1_LOWER(a, b) EP_DW1_RIGHT("r14", a, b, "r14") EP_DW1_LEFT("r12", a, b, "r12")
#define EP_DW1_SQUARE                                                                              \
    "vmov r10, s0\n" EP_DW_LOAD_2(1)                                                               \
    EP_DW1_RIGHT("r11", "r6", "r7", "r10") EP_DW1_LEFT("r12", "r4", "r5", "r10")                   \
    EP_DW1_RIGHT("r14", "r4", "r5", "r10") EP_DW1_LEFT("r10", "r6", "r7", "r10")                   \
    EP_DW_LOAD_2(2) EP_DW1_UPPER("r8", "r9") EP_DW1_LOWER("r6", "r7")                              \
    EP_DW_LOAD_2(3) EP_DW1_LOWER("r8", "r9")                                                       \
    EP_DW_NEXT_2 EP_DW1_UPPER("r4", "r5")
#define EP_DW1_DOWN                                                                                \
    "vmov r10, s0\n" EP_DW_LOAD_2(1)                                                               \
    EP_DW1_LEFT("r12", "r4", "r5", "r10") EP_DW1_LEFT("r10", "r6", "r7", "r10")                    \
    EP_DW_LOAD_2(2) EP_DW1_LEFT("r10", "r8", "r9", "r10") EP_DW1_LEFT("r12", "r6", "r7", "r12")    \
    EP_DW_LOAD_2(3) EP_DW1_LEFT("r12", "r8", "r9", "r12")                                          \
    EP_DW_LOAD_2(0) EP_DW1_LEFT("r10", "r4", "r5", "r10")
#define EP_DW1_ACROSS                                                                              \
    "vmov r10, s0\n" EP_DW_LOAD_2(1)                                                               \
    EP_DW1_RIGHT("r11", "r6", "r7", "r10") EP_DW1_LEFT("r10", "r6", "r7", "r10")                   \
    EP_DW_LOAD_2(2) EP_DW1_UPPER("r8", "r9")                                                       \
    EP_DW_NEXT_2 EP_DW1_UPPER("r4", "r5")
#define EP_DW1_ONE                                                                                 \
    "vmov r10, s0\n" EP_DW_LOAD_2(0) EP_DW1_LEFT("r10", "r4", "r5", "r10")                         \
    EP_DW_LOAD_2(1) EP_DW1_LEFT("r10", "r6", "r7", "r10")                                          \
    EP_DW_LOAD_2(2) EP_DW1_LEFT("r10", "r8", "r9", "r10")

/* Stride 2: `a` holds two taps of a row of the filter, half `h` of `b` the third. */
#define EP_DW2_LEFT(x, a, h, b, i)                                                                 \
    "smlad " x ", r2, " a ", " i "\n smlab" h " " x ", r3, " b ", " x "\n"
#define EP_DW2_RIGHT(y, a, h, b, i)                                                                \
    "smlad " y ", r3, " a ", " i "\n smlab" h " " y ", r9, " b ", " y "\n"
#define EP_DW2_UPPER(a, h, b)                                                                      \
    EP_DW2_LEFT("r10", a, h, b, "r10") EP_DW2_RIGHT("r11", a, h, b, "r11")
#define EP_DW2_LOWER(a, h, b)                                                                      \
    EP_DW2_LEFT("r12", a, h, b, "r12") EP_DW2_RIGHT("r14", a, h, b, "r14")
#define EP_DW2_SQUARE                                                                              \
    "vmov r10, s0\n" EP_DW_LOAD_3(2)                                                               \
    EP_DW2_RIGHT("r11", "r6", "b", "r8", "r10") EP_DW2_LEFT("r12", "r4", "b", "r7", "r10")         \
    EP_DW2_RIGHT("r14", "r4", "b", "r7", "r10") EP_DW2_LEFT("r10", "r6", "b", "r8", "r10")         \
    EP_DW_LOAD_3(1) EP_DW2_UPPER("r5", "t", "r7")                                                  \
    EP_DW_LOAD_3(3) EP_DW2_LOWER("r5", "t", "r7")                                                  \
    EP_DW_LOAD_3(4) EP_DW2_LOWER("r6", "b", "r8")                                                  \
    EP_DW_NEXT_3 EP_DW2_UPPER("r4", "b", "r7")
#define EP_DW2_DOWN                                                                                \
    "vmov r10, s0\n" EP_DW_LOAD_2(2)                                                               \
    EP_DW2_LEFT("r12", "r4", "b", "r7", "r10") EP_DW2_LEFT("r10", "r6", "b", "r8", "r10")          \
    EP_DW_LOAD_2(1) EP_DW2_LEFT("r10", "r5", "t", "r7", "r10")                                     \
    EP_DW_LOAD_2(3) EP_DW2_LEFT("r12", "r5", "t", "r7", "r12")                                     \
    EP_DW_LOAD_2(4) EP_DW2_LEFT("r12", "r6", "b", "r8", "r12")                                     \
    EP_DW_LOAD_2(0) EP_DW2_LEFT("r10", "r4", "b", "r7", "r10")
#define EP_DW2_ACROSS                                                                              \
    "vmov r10, s0\n" EP_DW_LOAD_3(2)                                                               \
    EP_DW2_RIGHT("r11", "r6", "b", "r8", "r10") EP_DW2_LEFT("r10", "r6", "b", "r8", "r10")         \
    EP_DW_LOAD_3(1) EP_DW2_UPPER("r5", "t", "r7")                                                  \
    EP_DW_NEXT_3 EP_DW2_UPPER("r4", "b", "r7")
#define EP_DW2_ONE                                                                                 \
    "vmov r10, s0\n" EP_DW_LOAD_2(0) EP_DW2_LEFT("r10", "r4", "b", "r7", "r10")                    \
    EP_DW_LOAD_2(1) EP_DW2_LEFT("r10", "r5", "t", "r7", "r10")                                     \
    EP_DW_LOAD_2(2) EP_DW2_LEFT("r10", "r6", "b", "r8", "r10")

/* Any window: r4 taps, r5 rows of the filter that are left; `STEP` multiplies by one word's taps,
 * then r0 is put at the next tile (`ON`) or back. */
#define EP_DW_TAPS_MEMORY                                                                          \
    "vmov s13, r2\n movw r3, #%c[tap_bytes]\n add.w r2, r2, r3\n"                                 \
    ".if %c[shift]\n"                                                                              \
    "ldr.w r3, [r2, #8]\n vldmia r2!, {s0-s2}\n vmov r4, s14\n add.w r3, r3, r4\n vmov s2, r3\n"   \
    ".else\n"                                                                                     \
    "vldmia r2!, {s0-s3}\n"                                                                       \
    ".endif\n"
#define EP_DW_START(ALL) "vmov r4, s13\n movw r5, #%c[taps_down]\n" ALL(EP_DW_BIAS)
#define EP_DW_BIAS(a) "vmov " a ", s0\n"
#define EP_DW_WINDOW(ALL, STEP, ON)                                                                \
    EP_DW_START(ALL)                                                                               \
    "7:\n"                                                                                         \
    ".set ep_dw_at, 0\n"                                                                           \
    ".rept %c[words]\n" STEP ".set ep_dw_at, ep_dw_at + 16\n .endr\n"                              \
    ".if %c[taps_down] > 1\n"                                                                      \
    "movw r2, #%c[tap_row]\n subs.w r5, r5, #1\n add.w r0, r0, r2\n bne.w 7b\n"                    \
    "movw r2, #%c[taps_down]*%c[tap_row]\n sub.w r0, r0, r2\n"                                     \
    ".endif\n" ON
#define EP_DW_ON "addw r0, r0, #%c[advance]\n"
#define EP_DW_SMLAD(acc, x, k) "smlad " acc ", " x ", " k ", " acc "\n"

/* Two outputs see the same words, so they have taps of their own. */
#define EP_DWP_SQUARE                                                                              \
    EP_DW_WINDOW(EP_DW_SQUARE,                                                                     \
        "ldr.w r7, [r4, #4]\n ldr.w r6, [r4], #8\n"                                                \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r3, [r0, #ep_dw_at+%c[down]]\n"                         \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r11", "r2", "r7")                              \
        EP_DW_SMLAD("r12", "r3", "r6") EP_DW_SMLAD("r14", "r3", "r7"), EP_DW_ON)
#define EP_DWP_DOWN                                                                                \
    EP_DW_WINDOW(EP_DW_DOWN,                                                                       \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r3, [r0, #ep_dw_at+%c[down]]\n ldr.w r6, [r4], #8\n"    \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r12", "r3", "r6"), "")
#define EP_DWP_ACROSS                                                                              \
    EP_DW_WINDOW(EP_DW_ACROSS,                                                                     \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r7, [r4, #4]\n ldr.w r6, [r4], #8\n"                    \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r11", "r2", "r7"), EP_DW_ON)
#define EP_DWP_ONE                                                                                 \
    EP_DW_WINDOW(EP_DW_ONE,                                                                        \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r6, [r4], #8\n" EP_DW_SMLAD("r10", "r2", "r6"), "")

/* Each output sees words of its own. */
#define EP_DWS_SQUARE                                                                              \
    EP_DW_WINDOW(EP_DW_SQUARE,                                                                     \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r3, [r0, #ep_dw_at+%c[advance]/2]\n"                    \
        "ldr.w r7, [r0, #ep_dw_at+%c[down]]\n"                                                     \
        "ldr.w r8, [r0, #ep_dw_at+%c[down]+%c[advance]/2]\n ldr.w r6, [r4], #4\n"                  \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r11", "r3", "r6")                              \
        EP_DW_SMLAD("r12", "r7", "r6") EP_DW_SMLAD("r14", "r8", "r6"), EP_DW_ON)
#define EP_DWS_DOWN                                                                                \
    EP_DW_WINDOW(EP_DW_DOWN,                                                                       \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r3, [r0, #ep_dw_at+%c[down]]\n ldr.w r6, [r4], #4\n"    \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r12", "r3", "r6"), "")
#define EP_DWS_ACROSS                                                                              \
    EP_DW_WINDOW(EP_DW_ACROSS,                                                                     \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r3, [r0, #ep_dw_at+%c[advance]/2]\n"                    \
        "ldr.w r6, [r4], #4\n"                                                                     \
        EP_DW_SMLAD("r10", "r2", "r6") EP_DW_SMLAD("r11", "r3", "r6"), EP_DW_ON)
#define EP_DWS_ONE                                                                                 \
    EP_DW_WINDOW(EP_DW_ONE,                                                                        \
        "ldr.w r2, [r0, #ep_dw_at]\n ldr.w r6, [r4], #4\n" EP_DW_SMLAD("r10", "r2", "r6"), "")

/* The tiles of one row: all full ones, then the one of the last column. */
#define EP_DW_ROW(FULL, FINISH_FULL, STORE_FULL, LAST, FINISH_LAST, STORE_LAST)                    \
    ".if %c[tiles] > %c[unroll]\n"                                                                 \
    "movw r2, #%c[advance]*%c[tiles]\n add.w r2, r2, r0\n vmov s5, r2\n"                           \
    "3:\n"                                                                                         \
    ".endif\n"                                                                                     \
    ".rept %c[unroll]\n" FULL EP_DW_FINISH(FINISH_FULL) STORE_FULL ".endr\n"                       \
    ".if %c[tiles] > %c[unroll]\n"                                                                 \
    "vmov r2, s5\n cmp.w r0, r2\n bne.w 3b\n"                                                      \
    ".endif\n"                                                                                     \
    ".if %c[odd]\n" LAST EP_DW_FINISH(FINISH_LAST) STORE_LAST ".endif\n"

#define EP_DW_ALL(TAPS, SQUARE, DOWN, ACROSS, ONE)                                                 \
    "push.w {r4-r11, lr}\n"                                                                        \
    "ldm.w r0, {r4-r10}\n vmov s14, r10\n"                                                         \
    "vmov s6, r4\n vmov s7, r5\n vmov s8, r6\n vmov s9, r7\n vmov s10, r8\n"                       \
    "and.w r4, r9, #1\n vmov s12, r4\n"                                                            \
    "lsr.w r9, r9, #1\n movw r4, #2*%c[down]\n mul r9, r9, r4\n vmov s11, r9\n"                    \
    ".balign 4\n"                                                                                  \
    "1:\n"                                                                                         \
    "vmov r2, s8\n vmov r0, s6\n vmov r1, s7\n" TAPS                                               \
    "vmov s8, r2\n vmov r3, s11\n cmp.w r3, #0\n beq.w 4f\n add.w r3, r3, r0\n vmov s4, r3\n"      \
    "2:\n"                                                                                         \
    EP_DW_ROW(SQUARE, EP_DW_SQUARE, EP_DW_STORE_SQUARE, DOWN, EP_DW_DOWN, EP_DW_STORE_DOWN)        \
    "movw r2, #2*%c[down]-%c[advance]*%c[tiles]\n add.w r0, r0, r2\n"                              \
    ".if %c[below] > %c[right]*%c[tiles]\n"                                                       \
    "movw r2, #2*%c[below]-2*%c[right]*%c[tiles]\n add.w r1, r1, r2\n"                            \
    ".else\n"                                                                                     \
    "movw r2, #2*%c[right]*%c[tiles]-2*%c[below]\n sub.w r1, r1, r2\n"                            \
    ".endif\n"                                                                                    \
    "vmov r2, s4\n cmp.w r0, r2\n bne.w 2b\n"                                                      \
    "4:\n"                                                                                         \
    ".if %c[last_row]\n"                                                                           \
    "vmov r2, s12\n cmp.w r2, #0\n beq.w 5f\n"                                                     \
    EP_DW_ROW(ACROSS, EP_DW_ACROSS, EP_DW_STORE_ACROSS, ONE, EP_DW_ONE, EP_DW_STORE_ONE)           \
    "5:\n"                                                                                         \
    ".endif\n"                                                                                     \
    "vmov r0, s6\n vmov r2, s10\n vmov r1, s7\n vmov r3, s9\n"                                     \
    "add.w r0, r0, r2\n add.w r1, r1, #1\n vmov s6, r0\n vmov s7, r1\n"                            \
    "subs.w r3, r3, #1\n vmov s9, r3\n bne.w 1b\n"                                                 \
    "pop.w {r4-r11, lr}\n"

#define EP_DEPTHWISE_TEXT_EP_3X3                                                                   \
    EP_DW_ALL(EP_DW1_TAPS, EP_DW1_SQUARE, EP_DW1_DOWN, EP_DW1_ACROSS, EP_DW1_ONE)
#define EP_DEPTHWISE_TEXT_EP_3X3_STRIDE_2                                                          \
    EP_DW_ALL(EP_DW2_TAPS, EP_DW2_SQUARE, EP_DW2_DOWN, EP_DW2_ACROSS, EP_DW2_ONE)
#define EP_DEPTHWISE_TEXT_EP_PAIRED                                                                \
    EP_DW_ALL(EP_DW_TAPS_MEMORY, EP_DWP_SQUARE, EP_DWP_DOWN, EP_DWP_ACROSS, EP_DWP_ONE)
#define EP_DEPTHWISE_TEXT_EP_SPREAD                                                                \
    EP_DW_ALL(EP_DW_TAPS_MEMORY, EP_DWS_SQUARE, EP_DWS_DOWN, EP_DWS_ACROSS, EP_DWS_ONE)

/* clang-format on */

/* Bytes of taps of a channel, for the kinds that read them from memory. */
#define EP_DEPTHWISE_TAP_BYTES(KIND, TAPS_DOWN, WORDS)                                             \
    ((KIND) == EP_PAIRED ? 8 * (TAPS_DOWN) * (WORDS) : 4 * (TAPS_DOWN) * (WORDS))

/* Defines `static void NAME(const ep_depthwise_job *job)`; KIND is spelled out, UNROLL divides
 * WIDTH / 2 or is 0 with it, LAST_ROW is 1 if jobs may have an odd number of rows, the rest is as
 * in `ep_depthwise_shape`. */
#define EP_DEPTHWISE(NAME, KIND, WIDTH, RIGHT, BELOW, UNROLL, LAST_ROW, SHIFT, TAPS_DOWN, WORDS,   \
                     TAP_ROW, DOWN, ADVANCE)                                                       \
    EP_LONG_STRINGS_BEGIN                                                                          \
    static void NAME(const ep_depthwise_job *job) {                                                \
        register const ep_depthwise_job *r0 __asm__("r0") = job;                                   \
        __asm__ volatile(EP_DEPTHWISE_TEXT_##KIND                                                  \
                         : "+r"(r0)                                                                \
                         : [right] "i"(RIGHT), [below] "i"(BELOW), [tiles] "i"((WIDTH) / 2),       \
                           [odd] "i"((WIDTH) % 2), [unroll] "i"(UNROLL), [last_row] "i"(LAST_ROW), \
                           [shift] "i"(SHIFT), [taps_down] "i"(TAPS_DOWN), [words] "i"(WORDS),     \
                           [tap_row] "i"(TAP_ROW), [down] "i"(DOWN), [advance] "i"(ADVANCE),       \
                           [tap_bytes] "i"(EP_DEPTHWISE_TAP_BYTES(KIND, TAPS_DOWN, WORDS))         \
                         : "r1", "r2", "r3", "r12", "cc", "memory", "s0", "s1", "s2", "s3", "s4",  \
                           "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14");       \
    }                                                                                              \
    EP_LONG_STRINGS_END

#else

#define EP_DEPTHWISE(NAME, KIND, WIDTH, RIGHT, BELOW, UNROLL, LAST_ROW, SHIFT, TAPS_DOWN, WORDS,   \
                     TAP_ROW, DOWN, ADVANCE)                                                       \
    static void NAME(const ep_depthwise_job *job) {                                                \
        static const ep_depthwise_shape shape = {KIND,      WIDTH, RIGHT,   BELOW, SHIFT,          \
                                                 TAPS_DOWN, WORDS, TAP_ROW, DOWN,  ADVANCE};       \
        ep_depthwise_plain(&shape, job);                                                           \
    }

#endif
#endif
