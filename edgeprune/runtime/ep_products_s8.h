/* Products of int8 filters with int16 columns, two pixels by four channels at a time.
 *
 * Columns.  Two pixels lie interleaved: a word with two taps of the first, then a word with the
 * same two taps of the second, and so on.  A tap is the raw int8 value; the bias holds the input
 * zero point's share.
 *
 * Weights, packed.  A halfword holds two channels, 256 * w1 + w0, so a word has two taps of two
 * channels and a step of two taps takes two words.  SMLAD with the column sums P = 256*S1 + S0
 * modulo 2^32; SXTB16 of the same word leaves w0, which sums S0.  P - S0 is 256*S1, exact while
 * S1 keeps within 24 bits.  Wide: the halfword's bytes are w0 and w1, both are extended, and no
 * sum is bounded; it is a fifth slower.
 *
 * Stage.  Per block of four channels 12 words: what the accumulators begin with (P of channels 0
 * and 1, S of 0, P of 2 and 3, S of 2; wide S of 1, 0, 3, 2), then factors and scales of the
 * requantization in ops/requantize.py for channels 0 to 3.  After ReLU the odd channels of a
 * packed block have the plain mantissa and 2^(25 - s) instead: 256*S1 is not shifted back, since
 * SMMLA(256*S1, m, 64) is the high product with seven more bits, in which no rounding is lost.
 *
 * EP_PRODUCTS_S8(name, peeled, unroll, step, finish, store) makes a function for columns of
 * peeled + n * unroll steps (unroll 0: of peeled steps).  EP_PRODUCTS_ROWS_S8 makes one that
 * needs no columns: it slides a window of `rows` times `steps` over rows of taps in their own
 * order, `pitch` bytes apart (with `odd` 1 one tap more per row, which two and two share the last
 * steps), with the second pixel's window `second` bytes behind the first's
 * and the next pair's `advance` bytes; EP_PRODUCTS_ROW_BY_ROW_S8 is the same in less code.
 * EP_PRODUCTS_ONE_S8 is for a single pixel, whose column lies twice and whose pitch is 0.  In
 * assembly all core registers are
 * taken: r12 and lr walk over columns and weights, r4 to r7 are the first pixel's accumulators,
 * r8 to r11 the second's; what a block needs once per pixel waits in the FPU's registers. */
#ifndef EP_PRODUCTS_S8_H
#define EP_PRODUCTS_S8_H

#include "ep_dsp.h"
#include "ep_requantize.h"

/* Pairs of pixels that a block of four channels is computed for. */
typedef struct {
    const int16_t *end;  /* of the columns */
    int8_t *output;      /* of the block's first channel in the first pixel */
    int32_t pitch;       /* from one pixel's output to the next; 0: both are the same pixel */
    int32_t block_bytes; /* weights of a block */
    int32_t zero_point;  /* 128 too high for outputs that are stored as words */
} ep_products_run;

typedef void ep_products_s8(const int32_t *stage, const int16_t *weights, const int16_t *columns,
                            const ep_products_run *run);

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

/* clang-format off */

/* The assembler's macro ep_step multiplies one step.  Its arguments: what moves the pointer to
 * the columns on and what the one to the weights, and from where the second pixel's sums go on.  ep_i counts steps, ep_a and ep_b are where both
 * pixels' taps lie behind r12, by a text `at`. */
#define EP_STEP_PACKED(at)                                                                         \
    EP_STEP_BEGIN(at)                                                                              \
    ".macro ep_times follow=, p8=r8, p9=r9, p10=r10, p11=r11\n"                                    \
    "ldr.w r2, [lr, #4 + 8 * ep_i]\nldr.w r3, [lr, #8 + 8 * ep_i]\\follow\n"                       \
    "smlad r8, r2, r1, \\p8\nsmlad r4, r2, r0, r4\nsxtb16 r2, r2\n"                                \
    "smlad r9, r2, r1, \\p9\nsmlad r5, r2, r0, r5\n"                                               \
    "smlad r10, r3, r1, \\p10\nsmlad r6, r3, r0, r6\nsxtb16 r3, r3\n"                              \
    "smlad r11, r3, r1, \\p11\nsmlad r7, r3, r0, r7\n"                                             \
    ".set ep_i, ep_i + 1\n.endm\n"
#define EP_STEP_WIDE(at)                                                                           \
    EP_STEP_BEGIN(at)                                                                              \
    ".macro ep_times follow=, p8=r8, p9=r9, p10=r10, p11=r11\n"                                    \
    "ldr.w r2, [lr, #4 + 8 * ep_i]\n"                                                              \
    "sxtb16 r3, r2\nsmlad r9, r3, r1, \\p9\nsmlad r5, r3, r0, r5\n"                                \
    "sxtb16 r2, r2, ror #8\nsmlad r8, r2, r1, \\p8\nsmlad r4, r2, r0, r4\n"                        \
    "ldr.w r2, [lr, #8 + 8 * ep_i]\\follow\n"                                                      \
    "sxtb16 r3, r2\nsmlad r11, r3, r1, \\p11\nsmlad r7, r3, r0, r7\n"                              \
    "sxtb16 r2, r2, ror #8\nsmlad r10, r2, r1, \\p10\nsmlad r6, r2, r0, r6\n"                      \
    ".set ep_i, ep_i + 1\n.endm\n"
#define EP_STEP_BEGIN(at)                                                                          \
    ".macro ep_step move=, follow=, p8=r8, p9=r9, p10=r10, p11=r11\n" at                           \
    "ldr.w r0, [r12, #ep_a]\nldr.w r1, [r12, #ep_b]\\move\n"                                       \
    "ep_times \\follow, \\p8, \\p9, \\p10, \\p11\n.endm\n"
#define EP_STEP_END ".purgem ep_step\n.purgem ep_times\n"

/* clang-format on */

/* Channel by channel for both pixels: factor and scale in r0 and r1, zero point in r2. */
#define EP_FINISH_CHANNEL(factor, scale, a, b, sign)                                               \
    "vmov r0, " factor "\nvmov r1, " scale "\n"                                                    \
    "smmlar " a ", " a ", r0, " a "\nsmmlar " b ", " b ", r0, " b "\n" sign "smmlar " a ", " a     \
    ", r1, r2\nsmmlar " b ", " b ", r1, r2\n"
#define EP_FINISH_PRECISE(factor, scale, a, b)                                                     \
    "vmov r0, " factor "\nvmov r1, " scale "\n"                                                    \
    "smmla " a ", " a ", r0, r3\nsmmla " b ", " b ", r0, r3\n"                                     \
    "smmlar " a ", " a ", r1, r2\nsmmlar " b ", " b ", r1, r2\n"
#define EP_SIGN(a, b) "add.w " a ", " a ", " a ", asr #31\nadd.w " b ", " b ", " b ", asr #31\n"

#define EP_FINISH_SPLIT                                                                            \
    "sub.w r4, r4, r5\nsub.w r6, r6, r7\nsub.w r8, r8, r9\nsub.w r10, r10, r11\n"
#define EP_FINISH_PACKED_RELU                                                                      \
    EP_FINISH_SPLIT "vmov r2, s17\nmov.w r3, #64\n" EP_FINISH_CHANNEL("s4", "s8", "r5", "r9", "")  \
        EP_FINISH_PRECISE("s5", "s9", "r4", "r8") EP_FINISH_CHANNEL("s6", "s10", "r7", "r11", "")  \
            EP_FINISH_PRECISE("s7", "s11", "r6", "r10")
#define EP_FINISH_WIDE                                                                             \
    "vmov r2, s17\n" EP_FINISH_CHANNEL("s4", "s8", "r5", "r9", EP_SIGN("r5", "r9"))                \
        EP_FINISH_CHANNEL("s5", "s9", "r4", "r8", EP_SIGN("r4", "r8"))                             \
            EP_FINISH_CHANNEL("s6", "s10", "r7", "r11", EP_SIGN("r7", "r11"))                      \
                EP_FINISH_CHANNEL("s7", "s11", "r6", "r10", EP_SIGN("r6", "r10"))
#define EP_FINISH_PACKED                                                                           \
    EP_FINISH_SPLIT                                                                                \
    "asr.w r4, r4, #8\nasr.w r6, r6, #8\nasr.w r8, r8, #8\nasr.w r10, r10, #8\n" EP_FINISH_WIDE

/* s0-s3 accumulators' begin, s4-s11 requantization, s12 weights, s13 their end, s14 output,
 * s15 pitch, s16 end of columns, s17 zero point.  The pointers in r12 and lr are 4 too low. */
#define EP_PRODUCTS_ENTRY                                                                          \
    "push.w {r4-r11, lr}\n"                                                                        \
    "vldmia r0, {s0-s11}\n"                                                                        \
    "ldmia.w r3, {r4-r8}\n"                                                                        \
    "sub.w r4, r4, #4\nsub.w lr, r1, #4\nadd.w r7, lr, r7\nsub.w r12, r2, #4\n"                    \
    "vmov s12, lr\nvmov s13, r7\nvmov s14, r5\nvmov s15, r6\nvmov s16, r4\nvmov s17, r8\n"         \
    ".balign 4\n"                                                                                  \
    "1:\n"                                                                                         \
    "vmov r4, s0\nvmov r5, s1\nvmov r6, s2\nvmov r7, s3\n"
#define EP_PRODUCTS_EXIT(pack, put)                                                                \
    pack("r5", "r4", "r7", "r6")                                                                   \
        pack("r9", "r8", "r11",                                                                    \
             "r10") "vmov r0, s14\nvmov r2, s15\nadd.w r1, r0, r2\nvmov r3, s16\n" put("r5", "r4", \
                                                                                       "r7", "r6", \
                                                                                       "r0")       \
            put("r9", "r8", "r11", "r10",                                                          \
                "r1") "add.w r0, r1, r2\nvmov s14, r0\ncmp.w r12, r3\nbne.w 1b\n"                  \
                      "pop.w {r4-r11, lr}\n"

/* Four channels of a pixel, byte by byte; or as a word, if all keep within 16 bits: they are then
 * 128 too high, so that USAT16 can saturate two at once. */
#define EP_PACK_BYTES(a, b, c, d)                                                                  \
    "ssat " a ", #8, " a "\nssat " b ", #8, " b "\nssat " c ", #8, " c "\nssat " d ", #8, " d "\n"
#define EP_PUT_BYTES(a, b, c, d, to)                                                               \
    "strb.w " a ", [" to "]\nstrb.w " b ", [" to ", #1]\n"                                         \
    "strb.w " c ", [" to ", #2]\nstrb.w " d ", [" to ", #3]\n"
#define EP_PACK_WORDS(a, b, c, d)                                                                  \
    "pkhbt " a ", " a ", " c ", lsl #16\npkhbt " b ", " b ", " d ", lsl #16\n"                     \
    "usat16 " a ", #8, " a "\nusat16 " b ", #8, " b "\n"                                           \
    "orr.w " a ", " a ", " b ", lsl #8\neor.w " a ", " a ", #0x80808080\n"
#define EP_PUT_WORDS(a, b, c, d, to) "str.w " a ", [" to "]\n"

/* clang-format off */

/* Steps of interleaved columns: the first begins the second pixel's sums with the first's.  The
 * last of a run moves the pointers on, as far as a load can. */
#define EP_WALK_COLUMNS(peeled, unroll, step)                                                      \
    step(".set ep_a, 4 + 8 * ep_i\n.set ep_b, ep_a + 4\n")                                         \
    ".macro ep_last steps\n"                                                                       \
    ".if " #unroll " == 0\nep_step\naddw r12, r12, #8 * \\steps\n"                                 \
    ".elseif \\steps < 32\nep_step !, !\n"                                                         \
    ".else\nep_step\naddw r12, r12, #8 * \\steps\naddw lr, lr, #8 * \\steps\n.endif\n.endm\n"      \
    ".set ep_i, 0\n"                                                                               \
    ".if " #unroll "\nvmov lr, s12\n.endif\n"                                                      \
    ".if " #peeled " == 0\n"                                                                       \
    "mov.w r8, r4\nmov.w r9, r5\nmov.w r10, r6\nmov.w r11, r7\n"                                   \
    ".elseif " #peeled " == 1 && " #unroll "\nep_step !, !, r4, r5, r6, r7\n"                      \
    ".else\nep_step , , r4, r5, r6, r7\n"                                                          \
    ".if " #peeled " == 1\naddw r12, r12, #8\n"                                                    \
    ".else\n.rept " #peeled " - 2\nep_step\n.endr\nep_last " #peeled "\n.endif\n"                  \
    ".endif\n"                                                                                     \
    ".if " #unroll "\n"                                                                            \
    "2:\n.set ep_i, 0\n.rept " #unroll " - 1\nep_step\n.endr\nep_last " #unroll "\n"               \
    "vmov r0, s13\ncmp.w lr, r0\nbne.w 2b\n"                                                       \
    ".endif\n"                                                                                     \
    ".purgem ep_last\n" EP_STEP_END

/* Steps of a window on rows, `pitch` bytes apart, the second pixel `second` bytes behind.  Where
 * rows are odd, `odd` is 1: two last taps make a step. */
#define EP_WALK_ROWS(rows, steps, pitch, second, advance, odd, step)                               \
    step(".set ep_a, 4 + ep_i / " #steps " * " #pitch " + ep_i %% " #steps " * 4\n"                \
         ".set ep_b, ep_a + " #second "\n")                                                        \
    ".set ep_i, 0\nep_step , , r4, r5, r6, r7\n"                                                   \
    ".rept " #rows " * " #steps " - 1\nep_step\n.endr\n"                                           \
    ".if " #odd "\n.set ep_a, 4 + 4 * " #steps "\n"                                                \
    ".rept " #rows " / 2\n.set ep_b, ep_a + " #second "\n"                                         \
    "ldr.w r0, [r12, #ep_a]\nldr.w r1, [r12, #ep_b]\n"                                             \
    "ldr.w r2, [r12, #ep_a + " #pitch "]\nldr.w r3, [r12, #ep_b + " #pitch "]\n"                   \
    "pkhbt r0, r0, r2, lsl #16\npkhbt r1, r1, r3, lsl #16\nep_times\n"                             \
    ".set ep_a, ep_a + 2 * " #pitch "\n.endr\n"                                                    \
    ".if " #rows " %% 2\n"                                                                         \
    "ldr.w r0, [r12, #ep_a]\nldr.w r1, [r12, #ep_a + " #second "]\nep_times\n.endif\n.endif\n"     \
    "addw r12, r12, #" #advance "\n" EP_STEP_END

/* The same row by row in a loop, for caches of code that the whole window does not fit. */
#define EP_WALK_ROW_BY_ROW(rows, steps, pitch, second, advance, odd, step)                            \
    step(".set ep_a, 4 + 4 * ep_i\n.set ep_b, ep_a + " #second "\n")                               \
    "mov.w r8, r4\nmov.w r9, r5\nmov.w r10, r6\nmov.w r11, r7\nvmov lr, s12\n"                    \
    "2:\n.set ep_i, 0\n.rept " #steps "\nep_step\n.endr\n"                                         \
    "vmov r0, s13\naddw lr, lr, #8 * " #steps "\naddw r12, r12, #" #pitch "\n"                     \
    "cmp.w lr, r0\nbne.w 2b\nsubw r12, r12, #" #rows " * " #pitch " - " #advance "\n"              \
    EP_STEP_END

#define EP_PRODUCTS_FUNCTION(name, walk, finish, exit)                                                  \
    static void name(const int32_t *stage, const int16_t *weights, const int16_t *columns,         \
                     const ep_products_run *run) {                                                 \
        register const int32_t *r0 __asm__("r0") = stage;                                          \
        register const int16_t *r1 __asm__("r1") = weights;                                        \
        register const int16_t *r2 __asm__("r2") = columns;                                        \
        register const ep_products_run *r3 __asm__("r3") = run;                                    \
        __asm__ volatile(EP_PRODUCTS_ENTRY walk finish exit                                        \
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)                                  \
                         :                                                                         \
                         : "r12", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",      \
                           "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17", "cc",           \
                           "memory");                                                              \
    }
#define EP_PRODUCTS_S8(name, peeled, unroll, step, finish, store)                                         \
    EP_PRODUCTS_FUNCTION(name, EP_WALK_COLUMNS(peeled, unroll, EP_STEP_##step),                    \
                         EP_FINISH_##finish, EP_PRODUCTS_EXIT(EP_PACK_##store, EP_PUT_##store))
#define EP_PRODUCTS_ROWS_S8(name, rows, steps, pitch, second, advance, odd, step, finish, store)               \
    EP_PRODUCTS_FUNCTION(name,                                                                     \
                         EP_WALK_ROWS(rows, steps, pitch, second, advance, odd, EP_STEP_##step),        \
                         EP_FINISH_##finish, EP_PRODUCTS_EXIT(EP_PACK_##store, EP_PUT_##store))
#define EP_PRODUCTS_ROW_BY_ROW_S8(name, rows, steps, pitch, second, advance, odd, step, finish, store)         \
    EP_PRODUCTS_FUNCTION(name,                                                                     \
                         EP_WALK_ROW_BY_ROW(rows, steps, pitch, second, advance, odd, EP_STEP_##step),  \
                         EP_FINISH_##finish, EP_PRODUCTS_EXIT(EP_PACK_##store, EP_PUT_##store))

/* A last pixel without partner, whose column lies twice: half the sums, two thirds of the time. */
#define EP_ONE_STEP_PACKED                                                                         \
    ".macro ep_step move=\nldr.w r0, [r12, #8 + 8 * ep_i]\\move\n"                                 \
    "ldr.w r2, [lr, #4 + 8 * ep_i]\nldr.w r3, [lr, #8 + 8 * ep_i]\\move\n"                         \
    "smlad r4, r2, r0, r4\nsxtb16 r2, r2\nsmlad r5, r2, r0, r5\n"                                  \
    "smlad r6, r3, r0, r6\nsxtb16 r3, r3\nsmlad r7, r3, r0, r7\n"                                  \
    ".set ep_i, ep_i + 1\n.endm\n"
#define EP_ONE_STEP_WIDE                                                                           \
    ".macro ep_step move=\nldr.w r0, [r12, #8 + 8 * ep_i]\\move\n"                                 \
    "ldr.w r2, [lr, #4 + 8 * ep_i]\nldr.w r3, [lr, #8 + 8 * ep_i]\\move\n"                         \
    "sxtb16 r1, r2\nsmlad r5, r1, r0, r5\nsxtb16 r2, r2, ror #8\nsmlad r4, r2, r0, r4\n"           \
    "sxtb16 r1, r3\nsmlad r7, r1, r0, r7\nsxtb16 r3, r3, ror #8\nsmlad r6, r3, r0, r6\n"           \
    ".set ep_i, ep_i + 1\n.endm\n"
#define EP_ONE_WALK(peeled, unroll, step)                                                          \
    step ".set ep_i, 0\n"                                                                          \
    ".if " #peeled "\n.rept " #peeled " - 1\nep_step\n.endr\nep_step !\n.endif\n"                  \
    ".if " #unroll "\n2:\n.set ep_i, 0\n.rept " #unroll " - 1\nep_step\n.endr\nep_step !\n"        \
    "vmov r0, s13\ncmp.w lr, r0\nbne.w 2b\n.endif\n.purgem ep_step\n"

#define EP_ONE_CHANNEL(factor, scale, a, sign)                                                     \
    "vmov r0, " factor "\nvmov r1, " scale "\n"                                                    \
    "smmlar " a ", " a ", r0, " a "\n" sign "smmlar " a ", " a ", r1, r2\n"
#define EP_ONE_SIGNED(factor, scale, a)                                                            \
    EP_ONE_CHANNEL(factor, scale, a, "add.w " a ", " a ", " a ", asr #31\n")
#define EP_ONE_PRECISE(factor, scale, a)                                                           \
    "vmov r0, " factor "\nvmov r1, " scale "\n"                                                    \
    "smmla " a ", " a ", r0, r3\nsmmlar " a ", " a ", r1, r2\n"
#define EP_ONE_FINISH_PACKED_RELU                                                                  \
    "sub.w r4, r4, r5\nsub.w r6, r6, r7\nvmov r2, s17\nmov.w r3, #64\n"                            \
    EP_ONE_CHANNEL("s4", "s8", "r5", "") EP_ONE_PRECISE("s5", "s9", "r4")                          \
    EP_ONE_CHANNEL("s6", "s10", "r7", "") EP_ONE_PRECISE("s7", "s11", "r6")
#define EP_ONE_FINISH_WIDE                                                                         \
    "vmov r2, s17\n" EP_ONE_SIGNED("s4", "s8", "r5") EP_ONE_SIGNED("s5", "s9", "r4")               \
    EP_ONE_SIGNED("s6", "s10", "r7") EP_ONE_SIGNED("s7", "s11", "r6")
#define EP_ONE_FINISH_PACKED                                                                       \
    "sub.w r4, r4, r5\nsub.w r6, r6, r7\nasr.w r4, r4, #8\nasr.w r6, r6, #8\n" EP_ONE_FINISH_WIDE
#define EP_ONE_EXIT(pack, put)                                                                     \
    pack("r5", "r4", "r7", "r6") "vmov r0, s14\n" put("r5", "r4", "r7", "r6", "r0")                \
    "pop.w {r4-r11, lr}\n"
#define EP_PRODUCTS_ONE_S8(name, peeled, unroll, step, finish, store)                              \
    EP_PRODUCTS_FUNCTION(name, EP_ONE_WALK(peeled, unroll, EP_ONE_STEP_##step),                    \
                         EP_ONE_FINISH_##finish, EP_ONE_EXIT(EP_PACK_##store, EP_PUT_##store))

/* clang-format on */

#else

enum { EP_STEP_PACKED, EP_STEP_WIDE };
enum { EP_FINISH_PACKED_RELU, EP_FINISH_PACKED, EP_FINISH_WIDE };
enum { EP_STORE_BYTES = 0, EP_STORE_WORDS = 128 }; /* how much too high the zero point is */

/* Where the next step's taps lie: in columns, or in rows that a window slides over. */
typedef struct {
    int32_t steps, second, step; /* halfwords: the second pixel behind the first, a step's stride */
    int32_t rows, row;           /* the same again per row of the window */
    int32_t odd;                 /* behind the steps: last taps of rows, two to a step */
    int32_t advance;             /* from one pair of pixels to the next */
} ep_products_walk;

/* sums: S1, S0, S3, S2 of one pixel, of a packed block 256 times S1 and S3. */
static inline void ep_products_finish(const int32_t *stage, int32_t zero_point, int finish,
                                      const int32_t *sums, int8_t *output) {
    for (int channel = 0; channel < 4; channel++) {
        const int32_t factor = stage[4 + channel], scale = stage[8 + channel];
        int32_t sum = sums[channel ^ 1];
        if (channel % 2 == 1 && finish == EP_FINISH_PACKED_RELU) {
            output[channel] =
                ep_saturate_s8(ep_smmlar(ep_smmla(sum, factor, 64), scale, zero_point));
            continue;
        }
        if (channel % 2 == 1 && finish == EP_FINISH_PACKED) {
            sum >>= 8;
        }
        output[channel] = finish == EP_FINISH_PACKED_RELU
                              ? ep_requantize_fast_relu(sum, factor, scale, zero_point)
                              : ep_requantize_fast(sum, factor, scale, zero_point);
    }
}

/* One step of one pixel. */
static inline void ep_products_step(uint32_t x, const int16_t *weights, int step, int32_t *sums) {
    for (int half = 0; half < 4; half += 2) {
        const uint32_t w = ep_load_word(weights + half);
        sums[half] = ep_smlad(step == EP_STEP_WIDE ? ep_sxtb16_odd(w) : w, x, sums[half]);
        sums[half + 1] = ep_smlad(ep_sxtb16(w), x, sums[half + 1]);
    }
}

/* One pixel by four channels. */
static inline void ep_products_pixel(const int32_t *stage, const int16_t *weights,
                                     const int16_t *taps, const ep_products_walk *walk, int step,
                                     int32_t *sums) {
    for (int i = 0; i < 4; i++) {
        sums[i] = stage[i];
    }
    for (int32_t row = 0; row < walk->rows; row++) {
        for (int32_t i = 0; i < walk->steps; i++, weights += 4) {
            const uint32_t x = ep_load_word(taps + row * walk->row + i * walk->step);
            ep_products_step(x, weights, step, sums);
        }
    }
    const int16_t *last = taps + walk->steps * walk->step;
    for (int32_t row = 0; walk->odd && row < walk->rows; row += 2, weights += 4) {
        const uint32_t below = row + 1 < walk->rows ? ep_load_word(last + walk->row) : 0;
        ep_products_step(ep_pack_low(ep_load_word(last), below), weights, step, sums);
        last += 2 * walk->row;
    }
    for (int half = 0; half < 4 && step == EP_STEP_PACKED; half += 2) {
        sums[half] = (int32_t)((uint32_t)sums[half] - (uint32_t)sums[half + 1]);
    }
}

static inline void ep_products_plain(const int32_t *stage, const int16_t *weights,
                                     const int16_t *columns, const ep_products_run *run,
                                     const ep_products_walk *walk, int step, int finish,
                                     int32_t excess) {
    int8_t *output = run->output;
    for (; columns != run->end; columns += walk->advance) {
        for (int32_t pixel = 0; pixel < 2; pixel++, output += run->pitch) {
            int32_t sums[4];
            ep_products_pixel(stage, weights, columns + pixel * walk->second, walk, step, sums);
            ep_products_finish(stage, run->zero_point - excess, finish, sums, output);
        }
    }
}

#define EP_PRODUCTS_S8(name, peeled, unroll, step, finish, store)                                  \
    static void name(const int32_t *stage, const int16_t *weights, const int16_t *columns,         \
                     const ep_products_run *run) {                                                 \
        const int32_t steps = run->block_bytes / 8;                                                \
        const ep_products_walk walk = {steps, 2, 4, 1, 0, 0, 4 * steps};                           \
        ep_products_plain(stage, weights, columns, run, &walk, EP_STEP_##step, EP_FINISH_##finish, \
                          EP_STORE_##store);                                                       \
    }
#define EP_PRODUCTS_ROWS_S8(name, rows, steps, pitch, second, advance, odd, step, finish, store)   \
    static void name(const int32_t *stage, const int16_t *weights, const int16_t *columns,         \
                     const ep_products_run *run) {                                                 \
        const ep_products_walk walk = {steps, second / 2, 2, rows, pitch / 2, odd, advance / 2};   \
        ep_products_plain(stage, weights, columns, run, &walk, EP_STEP_##step, EP_FINISH_##finish, \
                          EP_STORE_##store);                                                       \
    }
#define EP_PRODUCTS_ROW_BY_ROW_S8 EP_PRODUCTS_ROWS_S8
#define EP_PRODUCTS_ONE_S8 EP_PRODUCTS_S8

#endif
#endif
