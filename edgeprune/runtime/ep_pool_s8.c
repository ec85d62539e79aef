#include "ep_pool_s8.h"
#include "ep_dsp.h"

/* Channels of the loops in assembly, and of those in C. */
enum { BLOCK = 16, WORD = 4, SHIFT = 14 };

/* What a block of channels is computed from. */
typedef struct {
    ep_taps taps;
    ep_bounds bounds;
    ep_average average;
    int32_t back;      /* from behind the last tap to the first, 16 channels on */
    const int8_t *end; /* of the output */
} pool_run;

#if defined(__ARM_FEATURE_DSP)

/* clang-format off */

#define RAISE(largest, values)                        \
    "ssub8 r3, " largest ", " values "\n"            \
    "sel " largest ", " largest ", " values "\n"

#define LOWER(value)                                  \
    "ssub8 r8, r3, " value "\n"                      \
    "sel " value ", " value ", r3\n"

/* Whole blocks of 16 channels: 17 cycles per tap. */
static EP_NAKED void max_blocks(const int8_t *first EP_UNUSED, const pool_run *run EP_UNUSED,
                                int8_t *output EP_UNUSED) {
    __asm__(
        "push {r4-r11, lr}\n"
        "push {r2}\n"
        "ldr lr, [r1, #8]\n"
        ".balign 4\n"
        "1:\n"
        "ldr r2, [r1, #4]\n"
        "ldr r4, [r1, #16]\n"
        "mov r5, r4\n"
        "mov r6, r4\n"
        "mov r7, r4\n"
        ".balign 4\n"
        "2:\n"
        "ldr.w r12, [r1]\n"
        ".balign 4\n"
        "3:\n"
        "ldr.w r8, [r0]\n"
        "ldr.w r9, [r0, #4]\n"
        "ldr.w r10, [r0, #8]\n"
        "ldr.w r11, [r0, #12]\n"
        RAISE("r4", "r8")
        RAISE("r5", "r9")
        RAISE("r6", "r10")
        RAISE("r7", "r11")
        "add.w r0, r0, lr\n"
        "subs.w r12, r12, #1\n"
        "bne 3b\n"
        "ldr r3, [r1, #12]\n"
        "subs r2, r2, #1\n"
        "add r0, r0, r3\n"
        "bne 2b\n"
        "ldr r2, [sp]\n"
        "ldr r3, [r1, #20]\n"
        LOWER("r4")
        LOWER("r5")
        LOWER("r6")
        LOWER("r7")
        "str r4, [r2], #4\n"
        "str r5, [r2], #4\n"
        "str r6, [r2], #4\n"
        "str r7, [r2], #4\n"
        "str r2, [sp]\n"
        "ldr r3, [r1, #40]\n"
        "ldr r4, [r1, #44]\n"
        "add r0, r0, r3\n"
        "cmp r2, r4\n"
        "bne 1b\n"
        "add sp, sp, #4\n"
        "pop {r4-r11, pc}\n");
}

#define ADD_WORD(even, odd, values)                   \
    "sxtab16 " even ", " even ", " values "\n"       \
    "sxtab16 " odd ", " odd ", " values ", ror #8\n"

/* Moves sums below the pivot, r0, away from it, by r2. */
#define MOVE_AWAY(sums)                               \
    "ssub16 r3, " sums ", r0\n"                      \
    "sadd16 r12, " sums ", r2\n"                     \
    "sel " sums ", " sums ", r12\n"

/* A word of outputs in place of the sums of its even bytes; r0, r1 are the bounds. */
#define FINISH_WORD(even, odd)                        \
    "smlawb r12, r2, " even ", r3\n"                 \
    "smlawt " even ", r2, " even ", r3\n"            \
    "smlawb lr, r2, " odd ", r3\n"                   \
    "smlawt " odd ", r2, " odd ", r3\n"              \
    "ssat r12, #8, r12, asr #14\n"                   \
    "ssat " even ", #8, " even ", asr #14\n"         \
    "ssat lr, #8, lr, asr #14\n"                     \
    "ssat " odd ", #8, " odd ", asr #14\n"           \
    "bfi r12, lr, #8, #8\n"                          \
    "bfi r12, " even ", #16, #8\n"                   \
    "bfi r12, " odd ", #24, #8\n"                    \
    "ssub8 lr, r12, r0\n"                            \
    "sel r12, r12, r0\n"                             \
    "ssub8 lr, r1, r12\n"                            \
    "sel " even ", r12, r1\n"

/* Whole blocks of 16 channels: 18 cycles per tap. */
static EP_NAKED void average_blocks(const int8_t *first EP_UNUSED, const pool_run *run EP_UNUSED,
                                    int8_t *output EP_UNUSED) {
    __asm__(
        "push {r4-r11, lr}\n"
        "sub sp, sp, #4\n"
        "push {r1, r2}\n"
        ".balign 4\n"
        "1:\n"
        "movs r4, #0\n"
        "movs r5, #0\n"
        "movs r6, #0\n"
        "movs r7, #0\n"
        "mov r8, r4\n"
        "mov r9, r4\n"
        "mov r10, r4\n"
        "mov r11, r4\n"
        "ldr lr, [r1, #8]\n"
        "ldr r2, [r1, #4]\n"
        ".balign 4\n"
        "2:\n"
        "str.w r2, [sp, #8]\n"
        "ldr.w r12, [r1]\n"
        "3:\n"
        "ldr.w r2, [r0]\n"
        "ldr.w r3, [r0, #4]\n"
        ADD_WORD("r4", "r5", "r2")
        ADD_WORD("r6", "r7", "r3")
        "ldr.w r2, [r0, #8]\n"
        "ldr.w r3, [r0, #12]\n"
        ADD_WORD("r8", "r9", "r2")
        ADD_WORD("r10", "r11", "r3")
        "add.w r0, r0, lr\n"
        "subs.w r12, r12, #1\n"
        "bne 3b\n"
        "ldr r2, [sp, #8]\n"
        "ldr r3, [r1, #12]\n"
        "subs r2, r2, #1\n"
        "add r0, r0, r3\n"
        "bne 2b\n"
        "ldr r3, [r1, #40]\n"
        "add r0, r0, r3\n"
        "str r0, [sp, #8]\n"
        "ldrd r0, r2, [r1, #32]\n" /* pivot, away */
        "cbz r2, 4f\n"
        MOVE_AWAY("r4")
        MOVE_AWAY("r5")
        MOVE_AWAY("r6")
        MOVE_AWAY("r7")
        MOVE_AWAY("r8")
        MOVE_AWAY("r9")
        MOVE_AWAY("r10")
        MOVE_AWAY("r11")
        "4:\n"
        "ldrd r2, r3, [r1, #24]\n" /* factor, offset */
        "ldrd r0, r1, [r1, #16]\n" /* bounds */
        FINISH_WORD("r4", "r5")
        FINISH_WORD("r6", "r7")
        FINISH_WORD("r8", "r9")
        FINISH_WORD("r10", "r11")
        "ldr r1, [sp]\n"
        "ldr r2, [sp, #4]\n"
        "ldr r0, [sp, #8]\n"
        "str r4, [r2], #4\n"
        "str r6, [r2], #4\n"
        "str r8, [r2], #4\n"
        "str r10, [r2], #4\n"
        "str r2, [sp, #4]\n"
        "ldr r3, [r1, #44]\n"
        "cmp r2, r3\n"
        "bne.w 1b\n"
        "add sp, sp, #12\n"
        "pop {r4-r11, pc}\n");
}

/* clang-format on */

static uint32_t largest_bytes(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm("ssub8 %0, %1, %2\n"
          "sel %0, %1, %2"
          : "=&r"(result)
          : "r"(a), "r"(b)
          : "cc");
    return result;
}

static uint32_t smallest_bytes(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm("ssub8 %0, %1, %2\n"
          "sel %0, %2, %1"
          : "=&r"(result)
          : "r"(a), "r"(b)
          : "cc");
    return result;
}

/* Adds two sign-extended bytes to two halves. */
static uint32_t add_bytes(uint32_t sums, uint32_t word) {
    uint32_t result;
    __asm("sxtab16 %0, %1, %2" : "=r"(result) : "r"(sums), "r"(word));
    return result;
}

#else

static uint32_t largest_bytes(uint32_t a, uint32_t b) {
    uint32_t result = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        const int8_t x = (int8_t)((a >> bit) & 0xffu);
        const int8_t y = (int8_t)((b >> bit) & 0xffu);
        result |= ((uint32_t)(x > y ? x : y) & 0xffu) << bit;
    }
    return result;
}

static uint32_t smallest_bytes(uint32_t a, uint32_t b) {
    return ~largest_bytes(~a, ~b);
}

static uint32_t add_bytes(uint32_t sums, uint32_t word) {
    const uint32_t bytes = ep_sxtb16(word);
    return ((sums + bytes) & 0xffffu) | ((sums & 0xffff0000u) + (bytes & 0xffff0000u));
}

#endif

static uint32_t clamp_bytes(uint32_t word, const ep_bounds *bounds) {
    return smallest_bytes(largest_bytes(word, bounds->low), bounds->high);
}

static uint32_t finish(const ep_average *a, uint32_t half) {
    const int32_t pivot = (int16_t)(a->pivot & 0xffffu);
    const int32_t sum = (int16_t)(half & 0xffffu);
    const int32_t moved = sum + (sum < pivot ? (int16_t)(a->away & 0xffffu) : 0);
    const int32_t value = a->offset + (int32_t)(((int64_t)a->factor * moved) >> 16);
    return (uint32_t)ep_clamp(value >> SHIFT, INT8_MIN, INT8_MAX) & 0xffu;
}

static void average_word(const pool_run *run, const int8_t *tap, int8_t *output) {
    const ep_taps *taps = &run->taps;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t y = taps->rows; y > 0; y--) {
        for (int32_t x = taps->columns; x > 0; x--) {
            const uint32_t word = ep_load_word(tap);
            even = add_bytes(even, word);
            odd = add_bytes(odd, word >> 8);
            tap += taps->step;
        }
        tap += taps->skip;
    }
    const uint32_t word = finish(&run->average, even) | finish(&run->average, odd) << 8 |
                          finish(&run->average, even >> 16) << 16 |
                          finish(&run->average, odd >> 16) << 24;
    ep_store_word(output, clamp_bytes(word, &run->bounds));
}

static void max_word(const pool_run *run, const int8_t *tap, int8_t *output) {
    const ep_taps *taps = &run->taps;
    uint32_t word = run->bounds.low;
    for (int32_t y = taps->rows; y > 0; y--) {
        for (int32_t x = taps->columns; x > 0; x--) {
            word = largest_bytes(word, ep_load_word(tap));
            tap += taps->step;
        }
        tap += taps->skip;
    }
    ep_store_word(output, smallest_bytes(word, run->bounds.high));
}

#if !defined(__ARM_FEATURE_DSP)

static void average_blocks(const int8_t *first, const pool_run *run, int8_t *output) {
    for (; output != run->end; output += WORD) {
        average_word(run, first, output);
        first += WORD;
    }
}

static void max_blocks(const int8_t *first, const pool_run *run, int8_t *output) {
    for (; output != run->end; output += WORD) {
        max_word(run, first, output);
        first += WORD;
    }
}

#endif

static pool_run make_run(const ep_taps *taps, const ep_bounds *bounds, int32_t whole,
                         const int8_t *output) {
    const int32_t row = taps->columns * taps->step + taps->skip;
    pool_run run = {.taps = *taps,
                    .bounds = *bounds,
                    .average = {0, 0, 0, 0},
                    .back = BLOCK - taps->rows * row,
                    .end = output + whole};
    return run;
}

void ep_average_taps_s8(const ep_taps *taps, const ep_average *average, const ep_bounds *bounds,
                        const int8_t *first, int32_t channels, int8_t *output) {
    const int32_t whole = channels & ~(BLOCK - 1);
    pool_run run = make_run(taps, bounds, whole, output);
    run.average = *average;
    if (whole > 0) {
        average_blocks(first, &run, output);
    }
    for (int32_t c = whole; c < channels; c += WORD) {
        /* The last word overlaps the one before where channels are no multiple of 4. */
        const int32_t at = c + WORD > channels ? channels - WORD : c;
        average_word(&run, first + at, output + at);
    }
}

void ep_max_taps_s8(const ep_taps *taps, const ep_bounds *bounds, const int8_t *first,
                    int32_t channels, int8_t *output) {
    const int32_t whole = channels & ~(BLOCK - 1);
    const pool_run run = make_run(taps, bounds, whole, output);
    if (whole > 0) {
        max_blocks(first, &run, output);
    }
    for (int32_t c = whole; c < channels; c += WORD) {
        const int32_t at = c + WORD > channels ? channels - WORD : c;
        max_word(&run, first + at, output + at);
    }
}

/* The part of a stretch of `length` from `start` on that lies within 0 and `limit`. */
static int32_t inside(int32_t start, int32_t length, int32_t limit, int32_t *begin) {
    const int32_t end = start + length < limit ? start + length : limit;
    *begin = start < 0 ? 0 : start;
    return end - *begin;
}

ep_taps ep_taps_at(const ep_window *w, const int8_t *image, int32_t row, int32_t column,
                   const int8_t **first) {
    int32_t top, left;
    ep_taps taps;
    taps.rows = inside(row * w->stride_h - w->pad_top, w->filter_h, w->in_h, &top);
    taps.columns = inside(column * w->stride_w - w->pad_left, w->filter_w, w->in_w, &left);
    taps.step = w->in_c;
    taps.skip = (w->in_w - taps.columns) * w->in_c;
    *first = image + (ptrdiff_t)(top * w->in_w + left) * w->in_c;
    if (taps.skip == 0) { /* rows follow each other: one long row */
        taps.columns *= taps.rows;
        taps.rows = 1;
    }
    return taps;
}
