#include "ep_pool_s8.h"
#include "ep_dsp.h"

/* Channels of the loops in assembly, and of those in C. */
enum { BLOCK = EP_SUM_CHANNELS, WORD = 4, SHIFT = 14, MOST_TAPS = 255 };

/* The part of a window that lies inside the image. */
typedef struct {
    int32_t columns;
    int32_t rows;
    int32_t step; /* bytes from one column to the next */
    int32_t skip; /* bytes from behind a row's last column to the next row's first */
} inner_taps;

typedef struct {
    int32_t factor;
    int32_t offset;
    uint32_t away; /* minus `away`, in both halves */
} average_numbers;

/* What a block of channels is computed from. */
typedef struct {
    inner_taps taps;
    ep_bounds bounds;
    average_numbers average;
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
        "ldr r3, [r1, #36]\n"
        "ldr r4, [r1, #40]\n"
        "add r0, r0, r3\n"
        "cmp r2, r4\n"
        "bne 1b\n"
        "add sp, sp, #4\n"
        "pop {r4-r11, pc}\n");
}

#define ADD_WORD(even, odd, values)                   \
    "sxtab16 " even ", " even ", " values "\n"       \
    "sxtab16 " odd ", " odd ", " values ", ror #8\n"

#define NO_SUMS                                       \
    "movs r4, #0\n"                                  \
    "movs r5, #0\n"                                  \
    "movs r6, #0\n"                                  \
    "movs r7, #0\n"                                  \
    "mov r8, r4\n"                                   \
    "mov r9, r4\n"                                   \
    "mov r10, r4\n"                                  \
    "mov r11, r4\n"

/* Adds one tap of 16 channels; counts r12 down. */
#define SUM_ROW                                       \
    "ldr.w r2, [r0]\n"                               \
    "ldr.w r3, [r0, #4]\n"                           \
    ADD_WORD("r4", "r5", "r2")                       \
    ADD_WORD("r6", "r7", "r3")                       \
    "ldr.w r2, [r0, #8]\n"                           \
    "ldr.w r3, [r0, #12]\n"                          \
    ADD_WORD("r8", "r9", "r2")                       \
    ADD_WORD("r10", "r11", "r3")                     \
    "add.w r0, r0, lr\n"                             \
    "subs.w r12, r12, #1\n"

/* Sums of 16 channels in pairs: of bytes 0 and 2, then 1 and 3, of each word. */
static EP_NAKED void sum_block(const int8_t *first EP_UNUSED, int32_t taps EP_UNUSED,
                               int32_t step EP_UNUSED, uint32_t *pairs EP_UNUSED) {
    __asm__(
        "push {r3-r11, lr}\n"
        NO_SUMS
        "mov r12, r1\n"
        "mov lr, r2\n"
        ".balign 4\n"
        "1:\n"
        SUM_ROW
        "bne 1b\n"
        "ldr r3, [sp]\n"
        "stm r3, {r4-r11}\n"
        "pop {r3-r11, pc}\n");
}

/* Moves sums below 0, which r0 is, by r2. */
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
        NO_SUMS
        "ldr lr, [r1, #8]\n"
        "ldr r2, [r1, #4]\n"
        ".balign 4\n"
        "2:\n"
        "str.w r2, [sp, #8]\n"
        "ldr.w r12, [r1]\n"
        "3:\n"
        SUM_ROW
        "bne 3b\n"
        "ldr r2, [sp, #8]\n"
        "ldr r3, [r1, #12]\n"
        "subs r2, r2, #1\n"
        "add r0, r0, r3\n"
        "bne 2b\n"
        "ldr r3, [r1, #36]\n"
        "add r0, r0, r3\n"
        "str r0, [sp, #8]\n"
        "ldr r2, [r1, #32]\n" /* away */
        "movs r0, #0\n"
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
        "ldr r3, [r1, #40]\n"
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

static uint32_t finish(const average_numbers *a, uint32_t half) {
    const int32_t sum = (int16_t)(half & 0xffffu);
    const int32_t moved = sum + (sum < 0 ? (int16_t)(a->away & 0xffffu) : 0);
    const int32_t value = a->offset + (int32_t)(((int64_t)a->factor * moved) >> 16);
    return (uint32_t)ep_clamp(value >> SHIFT, INT8_MIN, INT8_MAX) & 0xffu;
}

static void average_word(const pool_run *run, const int8_t *tap, int8_t *output) {
    const inner_taps *taps = &run->taps;
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
    const inner_taps *taps = &run->taps;
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

static void sum_block(const int8_t *first, int32_t taps, int32_t step, uint32_t *pairs) {
    for (int32_t i = 0; i < BLOCK / 2; i++) {
        pairs[i] = 0;
    }
    for (; taps > 0; taps--) {
        for (int32_t i = 0; i < BLOCK / 2; i++) {
            const uint32_t word = ep_load_word(first + i / 2 * WORD);
            pairs[i] = add_bytes(pairs[i], i % 2 == 0 ? word : word >> 8);
        }
        first += step;
    }
}

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

/* Sums of a word's channels in the pairs of `sum_block`. */
static void sum_word(const int8_t *first, int32_t taps, int32_t step, uint32_t *pairs) {
    uint32_t even = 0;
    uint32_t odd = 0;
    for (; taps > 0; taps--) {
        const uint32_t word = ep_load_word(first);
        even = add_bytes(even, word);
        odd = add_bytes(odd, word >> 8);
        first += step;
    }
    pairs[0] = even;
    pairs[1] = odd;
}

static void add_pair(uint32_t pair, int32_t *sums) {
    sums[0] += (int16_t)(pair & 0xffffu);
    sums[2] += (int16_t)(pair >> 16);
}

void ep_sum_taps_s8(const int8_t *first, int32_t taps, int32_t step, int32_t channels,
                    int32_t sums[EP_SUM_CHANNELS]) {
    for (int32_t i = 0; i < BLOCK; i++) {
        sums[i] = 0;
    }
    for (; taps > 0; taps -= MOST_TAPS) {
        const int32_t count = taps < MOST_TAPS ? taps : MOST_TAPS;
        uint32_t pairs[BLOCK / 2];
        if (channels == BLOCK) {
            sum_block(first, count, step, pairs);
        } else {
            for (int32_t c = 0; c < channels; c += WORD) {
                sum_word(first + c, count, step, pairs + c / 2);
            }
        }
        for (int32_t c = 0; c < channels; c += WORD) {
            add_pair(pairs[c / 2], sums + c);
            add_pair(pairs[c / 2 + 1], sums + c + 1);
        }
        first += (ptrdiff_t)count * step;
    }
}

/* The part of a stretch of `length` from `start` on that lies within 0 and `limit`. */
static int32_t inside(int32_t start, int32_t length, int32_t limit, int32_t *begin) {
    const int32_t end = start + length < limit ? start + length : limit;
    *begin = start < 0 ? 0 : start;
    return end - *begin;
}

/* What does not change between neighbouring windows with as many taps. */
static void set_taps(const ep_pool *p, pool_run *run, int32_t rows, int32_t columns) {
    const int32_t width = p->window.in_w;
    const int32_t channels = p->window.in_c;
    /* Where rows follow each other they are one long row. */
    run->taps.rows = columns == width ? 1 : rows;
    run->taps.columns = columns == width ? rows * columns : columns;
    run->taps.skip = columns == width ? 0 : (width - columns) * channels;
    run->back = BLOCK - run->taps.rows * (run->taps.columns * channels + run->taps.skip);
    if (p->averages != NULL) {
        const int32_t *numbers = p->averages + 3 * (rows * columns - p->fewest);
        run->average.factor = numbers[0];
        run->average.offset = numbers[1];
        run->average.away = (uint32_t)numbers[2];
    }
}

/* All channels of one output pixel. */
static void pool_pixel(const ep_pool *p, pool_run *run, const int8_t *first, int8_t *output) {
    const int32_t channels = p->window.out_c;
    const int32_t whole = channels & ~(BLOCK - 1);
    run->end = output + whole;
    if (whole > 0) {
        if (p->averages != NULL) {
            average_blocks(first, run, output);
        } else {
            max_blocks(first, run, output);
        }
    }
    for (int32_t c = whole; c < channels; c += WORD) {
        /* The last word overlaps the one before where channels are no multiple of 4. */
        const int32_t at = c + WORD > channels ? channels - WORD : c;
        if (p->averages != NULL) {
            average_word(run, first + at, output + at);
        } else {
            max_word(run, first + at, output + at);
        }
    }
}

static int8_t *pool_image(const ep_pool *p, const int8_t *image, int8_t *output) {
    const ep_window *w = &p->window;
    pool_run run = {.taps = {0, 0, w->in_c, 0},
                    .bounds = p->bounds,
                    .average = {0, 0, 0},
                    .back = 0,
                    .end = NULL};
    int32_t had_rows = 0;
    int32_t had_columns = 0;
    for (int32_t y = 0; y < w->out_h; y++) {
        int32_t top;
        const int32_t rows = inside(y * w->stride_h - w->pad_top, w->filter_h, w->in_h, &top);
        const int8_t *row = image + (ptrdiff_t)top * w->in_w * w->in_c;
        for (int32_t x = 0; x < w->out_w; x++) {
            int32_t left;
            const int32_t columns =
                inside(x * w->stride_w - w->pad_left, w->filter_w, w->in_w, &left);
            if (rows != had_rows || columns != had_columns) {
                set_taps(p, &run, rows, columns);
                had_rows = rows;
                had_columns = columns;
            }
            pool_pixel(p, &run, row + (ptrdiff_t)left * w->in_c, output);
            output += w->out_c;
        }
    }
    return output;
}

void ep_pool_s8(const ep_pool *p, const int8_t *input, int8_t *output) {
    for (int32_t b = 0; b < p->window.batches; b++) {
        output = pool_image(p, input, output);
        input += (ptrdiff_t)p->window.in_h * p->window.in_w * p->window.in_c;
    }
}
