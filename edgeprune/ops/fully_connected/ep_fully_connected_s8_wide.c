#include "ep_fully_connected_s8_wide.h"

/* 512 taps of weights within +-127 and inputs within +-128 keep a sum below 2^23. */
enum { BLOCK = 8, LONGEST_STRETCH = 512 };

#if defined(__ARM_FEATURE_DSP)

/* clang-format off */

/* Sums of one block over one stretch, the two channels of each pair exchanged; returns the table
 * behind it. */
static EP_NAKED const int32_t *sum_block(const int8_t *column EP_UNUSED,
                                         const int32_t *table EP_UNUSED,
                                         const int8_t *end EP_UNUSED, int32_t *sums EP_UNUSED,
                                         int32_t skip EP_UNUSED) {
    __asm__(
        "push {r4-r11, lr}\n"
        "push {r0, r2, r3}\n"
        "ldr r2, [sp, #48]\n"
        EP_DENSE_SUMS
        "sub r4, r4, r5\n"
        "sub r6, r6, r7\n"
        "sub r8, r8, r9\n"
        "sub r10, r10, r11\n"
        "asr r4, r4, #8\n"
        "asr r6, r6, #8\n"
        "asr r8, r8, #8\n"
        "asr r10, r10, #8\n"
        "ldr r0, [sp, #8]\n"
        "stm r0, {r4-r11}\n"
        "mov r0, r1\n"
        "add sp, sp, #12\n"
        "pop {r4-r11, pc}\n");
}

/* clang-format on */

#else

static const int32_t *sum_block(const int8_t *column, const int32_t *table, const int8_t *end,
                                int32_t *sums, int32_t skip) {
    int32_t packed[BLOCK / 2] = {0};
    int32_t first[BLOCK / 2] = {0};
    (void)skip;
    for (; column != end; column += 4) {
        for (int32_t i = 0; i < BLOCK / 2; i++) {
            ep_dense_products(ep_load_word(column), table, &packed[i], &first[i]);
            table += EP_DENSE_PAIR_WORDS;
        }
    }
    for (int32_t i = 0; i < BLOCK / 2; i++) {
        sums[2 * i] = ep_dense_second(packed[i], first[i]);
        sums[2 * i + 1] = first[i];
    }
    return table;
}

#endif

/* Wraps at 32 bits, as the reference's accumulator does. */
static int32_t wrapped_sum(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* A block or, if `count` is below 8, what is left of a pair of channels of one row; returns the
 * table behind it. */
static const int32_t *run_channels(const ep_fully_connected_s8_wide_params *p, const int8_t *column,
                                   const int32_t *table, int32_t channel, int32_t count,
                                   int8_t *output) {
    int32_t totals[BLOCK] = {0};
    for (int32_t left = (p->depth + 3) / 4 * 4; left > 0; left -= LONGEST_STRETCH) {
        const int32_t taps = left < LONGEST_STRETCH ? left : LONGEST_STRETCH;
        int32_t sums[BLOCK] = {0};
        if (count == BLOCK) {
            table = sum_block(column, table, column + taps, sums, ep_dense_skip(taps / 4));
        } else {
            table = ep_dense_pair(column, column + taps, table, sums);
        }
        for (int32_t i = 0; i < count; i++) {
            totals[i] = wrapped_sum(totals[i], count == BLOCK ? sums[i ^ 1] : sums[i]);
        }
        column += taps;
    }
    for (int32_t i = 0; i < count; i++) {
        const int32_t sum = wrapped_sum(totals[i], p->stage.bias[channel + i]);
        output[channel + i] = ep_finish(&p->stage, channel + i, sum);
    }
    return table;
}

void ep_fully_connected_s8_wide(const ep_fully_connected_s8_wide_params *p, const int8_t *input,
                                int8_t *output, void *scratch) {
    for (int32_t row = 0; row < p->rows; row++) {
        const int8_t *column = input;
        const int32_t *table = p->table;
        int32_t channel = 0;
        if (p->depth % 4 != 0) {
            ep_store_word((int8_t *)scratch + p->depth / 4 * 4, 0);
            memcpy(scratch, input, (size_t)p->depth);
            column = scratch;
        }
        for (; channel + BLOCK <= p->channels; channel += BLOCK) {
            table = run_channels(p, column, table, channel, BLOCK, output);
        }
        for (; channel < p->channels; channel += 2) {
            const int32_t count = channel + 1 < p->channels ? 2 : 1;
            table = run_channels(p, column, table, channel, count, output);
        }
        input += p->depth;
        output += p->channels;
    }
}
