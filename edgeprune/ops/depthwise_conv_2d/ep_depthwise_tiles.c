#include "ep_depthwise_tiles.h"

#include "ep_dsp.h"
#include "ep_requantize.h"

/* Words of 3x3 filters in a channel's table. */
#define WORDS_3X3 5

static uint32_t word_at(const int16_t *planes, int32_t bytes) {
    return ep_load_word(planes + bytes / 2);
}

static uint32_t low(uint32_t word) {
    return word & 0xffffu;
}

/* The low half alone, and the high half in the place of the low one. */
static uint32_t high(uint32_t word) {
    return word >> 16;
}

/* Row `row` of a 3x3 filter; `odd` tells the right one of two outputs. */
static int32_t row_3x3(const ep_depthwise_shape *shape, const int16_t *planes, const int32_t *taps,
                       int32_t row, int32_t odd, int32_t sum) {
    const uint32_t first = word_at(planes, 0);
    const uint32_t second = word_at(planes, EP_PLANES_WORD);
    if (shape->kind == EP_3X3_STRIDE_2) {
        const uint32_t last = (uint32_t)taps[row == 2 ? 4 : 3];
        sum = ep_smlad(first, (uint32_t)taps[row], sum);
        return ep_smlad(low(second), row == 1 ? high(last) : low(last), sum);
    }
    const uint32_t a = (uint32_t)taps[row == 0 ? 0 : row + 1];
    const uint32_t last = (uint32_t)taps[row == 2 ? 4 : 1];
    const uint32_t third = row == 1 ? high(last) : low(last);
    if (odd) {
        return ep_smlad(second, high(a) | third << 16, ep_smlad(high(first), low(a), sum));
    }
    return ep_smlad(low(second), third, ep_smlad(first, a, sum));
}

static int32_t row_any(const ep_depthwise_shape *shape, const int16_t *planes, const int32_t *taps,
                       int32_t row, int32_t odd, int32_t sum) {
    for (int32_t word = 0; word < shape->words; word++) {
        const int32_t pair = row * shape->words + word;
        const int32_t tap = shape->kind == EP_PAIRED ? taps[2 * pair + odd] : taps[pair];
        sum = ep_smlad(word_at(planes, word * EP_PLANES_WORD), (uint32_t)tap, sum);
    }
    return sum;
}

static int32_t tap_words(const ep_depthwise_shape *shape) {
    switch (shape->kind) {
    case EP_PAIRED:
        return 2 * shape->taps_down * shape->words;
    case EP_SPREAD:
        return shape->taps_down * shape->words;
    case EP_3X3:
    case EP_3X3_STRIDE_2:
    default:
        return WORDS_3X3;
    }
}

static int32_t sum_of(const ep_depthwise_shape *shape, const int16_t *planes, const int32_t *taps,
                      int32_t y, int32_t x, int32_t bias) {
    const int32_t odd = x & 1;
    const int shares = shape->kind == EP_3X3 || shape->kind == EP_PAIRED;
    int32_t sum = bias;
    planes += (y * shape->down + (x >> 1) * shape->advance) / 2;
    planes += odd && !shares ? shape->advance / 4 : 0;
    for (int32_t row = 0; row < shape->taps_down; row++) {
        sum = shape->kind == EP_3X3 || shape->kind == EP_3X3_STRIDE_2
                  ? row_3x3(shape, planes, taps, row, odd, sum)
                  : row_any(shape, planes, taps, row, odd, sum);
        planes += shape->tap_row / 2;
    }
    return sum;
}

/* What is added before the shift. */
static int32_t offset_of(const ep_depthwise_shape *shape, const ep_depthwise_job *job,
                         const int32_t *taps) {
    const int32_t *stage = taps + tap_words(shape);
    const int in_taps = shape->kind == EP_3X3 || shape->kind == EP_3X3_STRIDE_2;
    return job->offset + (in_taps ? taps[WORDS_3X3 - 1] >> 16 : stage[2]);
}

static int32_t stage_words(const ep_depthwise_shape *shape) {
    if (!shape->shift) {
        return 4;
    }
    return shape->kind == EP_3X3 || shape->kind == EP_3X3_STRIDE_2 ? 2 : 3;
}

static int8_t round_twice(const int32_t *stage, int32_t sum) {
    const int32_t product = ep_smmlar(sum, stage[1], sum);
    const int64_t twice = 2 * (int64_t)product - (product < 0);
    return ep_saturate_s8(stage[3] + (int32_t)((-twice * stage[2] + 0x80000000) >> 32));
}

void ep_depthwise_plain(const ep_depthwise_shape *shape, const ep_depthwise_job *job) {
    const int32_t *table = job->table;
    for (int32_t channel = 0; channel < job->channels; channel++) {
        const int16_t *planes = job->planes + channel * (job->step / 2);
        const int32_t *stage = table + tap_words(shape);
        const int32_t offset = shape->shift ? offset_of(shape, job, table) : 0;
        for (int32_t i = 0; i < job->rows * shape->width; i++) {
            const int32_t y = i / shape->width, x = i % shape->width;
            const int32_t sum = sum_of(shape, planes, table, y, x, stage[0]);
            job->output[y * shape->below + x * shape->right + channel] =
                shape->shift ? ep_saturate_s8(ep_smmla(sum, stage[1], offset) >> shape->shift)
                             : round_twice(stage, sum);
        }
        table = stage + stage_words(shape);
    }
}
