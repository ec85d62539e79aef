#include "ep_fully_connected_s8_dsp.h"

enum { BLOCK = 8 };

/* What the blocks of one row need beside column and table. */
typedef struct {
    int8_t *output;
    int32_t blocks;
    int32_t zero_point;
    uint32_t low; /* in each of four bytes */
    uint32_t high;
    int32_t skip;
    int32_t clamps; /* whether the bounds are not those of int8 */
    const ep_fully_connected_s8_dsp_params *layer;
} block_run;

#if defined(__ARM_FEATURE_DSP)

/* clang-format off */

/* Outputs of a pair of channels in place of their sums.  r0 is the zero point, lr is 1. */
#define FINISH_PAIR(packed, first)                        \
    "sub " packed ", " packed ", " first "\n"           \
    "ldm r1!, {r2, r3}\n"                               \
    "asr " packed ", " packed ", #8\n"                  \
    FINISH(first)                                       \
    "ldm r1!, {r2, r3}\n"                               \
    FINISH(packed)

#define FINISH(sum)                                       \
    "add " sum ", " sum ", r2, asr #8\n"                \
    "lsl r2, lr, r2\n" /* takes the lowest byte of r2 */ \
    "smmlar " sum ", " sum ", r3, " sum "\n"            \
    "add " sum ", " sum ", " sum ", asr #31\n"          \
    "smmlar " sum ", " sum ", r2, r0\n"                 \
    "ssat " sum ", #8, " sum "\n"

/* All blocks of a row; returns the table behind them. */
static EP_NAKED const int32_t *run_blocks(const int8_t *column EP_UNUSED,
                                          const int32_t *table EP_UNUSED,
                                          const int8_t *end EP_UNUSED, block_run *run EP_UNUSED) {
    __asm__(
        "push {r4-r11, lr}\n"
        "push {r0, r2, r3}\n"
        ".balign 4\n"
        "2:\n"
        "ldr r0, [sp]\n"
        "ldr r2, [r3, #20]\n"
        EP_DENSE_SUMS
        "ldr r0, [sp, #8]\n"
        "ldr r0, [r0, #8]\n"
        "mov lr, #1\n"
        FINISH_PAIR("r4", "r5")
        FINISH_PAIR("r6", "r7")
        FINISH_PAIR("r8", "r9")
        FINISH_PAIR("r10", "r11")
        "bfi r5, r4, #8, #8\n"
        "bfi r5, r7, #16, #8\n"
        "bfi r5, r6, #24, #8\n"
        "bfi r9, r8, #8, #8\n"
        "bfi r9, r11, #16, #8\n"
        "bfi r9, r10, #24, #8\n"
        "ldr r3, [sp, #8]\n"
        "ldr r2, [r3, #24]\n"
        "cbz r2, 3f\n"
        "ldrd r2, r12, [r3, #12]\n"
        "ssub8 lr, r5, r2\n"
        "sel r5, r5, r2\n"
        "ssub8 lr, r12, r5\n"
        "sel r5, r5, r12\n"
        "ssub8 lr, r9, r2\n"
        "sel r9, r9, r2\n"
        "ssub8 lr, r12, r9\n"
        "sel r9, r9, r12\n"
        "3:\n"
        "ldr r0, [r3]\n"
        "ldr r2, [r3, #4]\n"
        "str r5, [r0], #4\n"
        "str r9, [r0], #4\n"
        "subs r2, r2, #1\n"
        "str r0, [r3]\n"
        "str r2, [r3, #4]\n"
        "bne.w 2b\n"
        "mov r0, r1\n"
        "add sp, sp, #12\n"
        "pop {r4-r11, pc}\n");
}

/* clang-format on */

#endif

static int8_t finish(const ep_fully_connected_s8_dsp_params *p, int32_t sum, const int32_t *stage) {
    const int32_t scale = (int32_t)1 << (stage[0] & 0xff);
    const int32_t value = ep_requantize_fast(sum + (stage[0] >> 8), stage[1], scale, p->zero_point);
    return (int8_t)ep_clamp(value, p->low, p->high);
}

#if !defined(__ARM_FEATURE_DSP)

static const int32_t *run_blocks(const int8_t *column, const int32_t *table, const int8_t *end,
                                 block_run *run) {
    for (; run->blocks > 0; run->blocks--) {
        int32_t packed[BLOCK / 2] = {0};
        int32_t first[BLOCK / 2] = {0};
        for (const int8_t *taps = column; taps != end; taps += 4) {
            for (int32_t i = 0; i < BLOCK / 2; i++) {
                ep_dense_products(ep_load_word(taps), table, &packed[i], &first[i]);
                table += EP_DENSE_PAIR_WORDS;
            }
        }
        for (int32_t i = 0; i < BLOCK / 2; i++) {
            *run->output++ = finish(run->layer, first[i], table);
            *run->output++ = finish(run->layer, ep_dense_second(packed[i], first[i]), table + 2);
            table += 4;
        }
    }
    return table;
}

#endif

/* One row whose `groups` of four taps are complete. */
static void run_row(const ep_fully_connected_s8_dsp_params *p, const int8_t *column, int32_t groups,
                    int8_t *output) {
    const int8_t *end = column + 4 * (ptrdiff_t)groups;
    const int32_t *table = p->table;
    block_run run = {.output = output,
                     .blocks = p->channels / BLOCK,
                     .zero_point = p->zero_point,
                     .low = ((uint32_t)p->low & 0xffu) * 0x01010101u,
                     .high = ((uint32_t)p->high & 0xffu) * 0x01010101u,
                     .skip = ep_dense_skip(groups),
                     .clamps = p->low > INT8_MIN || p->high < INT8_MAX,
                     .layer = p};
    if (run.blocks > 0) {
        table = run_blocks(column, table, end, &run);
    }
    for (int32_t left = p->channels % BLOCK; left > 0; left -= 2) {
        int32_t sums[2] = {0, 0};
        table = ep_dense_pair(column, end, table, sums);
        *run.output++ = finish(p, sums[0], table);
        if (left > 1) {
            *run.output++ = finish(p, sums[1], table + 2);
        }
        table += 4;
    }
}

void ep_fully_connected_s8_dsp(const ep_fully_connected_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
    const int32_t groups = (p->depth + 3) / 4;
    for (int32_t row = 0; row < p->rows; row++) {
        const int8_t *column = input;
        if (p->depth % 4 != 0) {
            ep_store_word((int8_t *)scratch + 4 * (ptrdiff_t)(groups - 1), 0);
            memcpy(scratch, input, (size_t)p->depth);
            column = scratch;
        }
        run_row(p, column, groups, output);
        input += p->depth;
        output += p->channels;
    }
}
