#include "ep_depthwise_3x3.h"

#include "ep_dsp.h"
#include "ep_requantize.h"

/* Words of filter in a channel's table. */
#define TAP_WORDS 6

static int16_t low_half(int32_t word) {
    return (int16_t)((uint32_t)word & 0xffffu);
}

static int16_t high_half(int32_t word) {
    return (int16_t)((uint32_t)word >> 16);
}

static void unpack(int32_t stride, const int32_t *table, int16_t taps[3][3]) {
    for (int32_t row = 0; row < 3; row++) {
        const int32_t *words = stride == 1 ? table + 2 * row : table + row;
        taps[row][0] = low_half(words[0]);
        taps[row][1] = high_half(words[0]);
        taps[row][2] = high_half(words[1]);
    }
    if (stride == 2) {
        taps[0][2] = low_half(table[3]);
        taps[1][2] = high_half(table[3]);
        taps[2][2] = low_half(table[4]);
    }
}

static int32_t sum_at(const ep_depthwise_3x3_shape *shape, const int16_t *planes, int32_t left,
                      int16_t taps[3][3], int32_t bias) {
    uint32_t sum = (uint32_t)bias;
    for (int32_t y = 0; y < 3; y++) {
        for (int32_t x = 0; x < 3; x++) {
            const int32_t place = left + x;
            const int16_t value =
                planes[y * (shape->pitch / 2) + (place >> 1) * (EP_PLANES_WORD / 2) + (place & 1)];
            sum += (uint32_t)(value * taps[y][x]);
        }
    }
    return (int32_t)sum;
}

static int8_t finish(const ep_depthwise_3x3_shape *shape, const int32_t *stage, int32_t sum) {
    if (shape->shift) {
        return ep_saturate_s8(ep_smmla(sum, stage[1], stage[2]) >> shape->shift);
    }
    return ep_requantize_fast(sum, stage[1], stage[2], stage[3]);
}

void ep_depthwise_3x3_plain(const ep_depthwise_3x3_shape *shape, const ep_depthwise_job *job) {
    const int32_t *table = job->table;
    for (int32_t channel = 0; channel < job->channels; channel++) {
        const int16_t *planes = job->planes + channel * (job->step / 2);
        const int32_t *stage = table + TAP_WORDS;
        int16_t taps[3][3];
        unpack(shape->stride, table, taps);
        for (int32_t i = 0; i < job->rows * shape->width; i++) {
            const int32_t y = i / shape->width * shape->stride;
            const int32_t x = i % shape->width * shape->stride;
            const int32_t sum =
                sum_at(shape, planes + (ptrdiff_t)y * (shape->pitch / 2), x, taps, stage[0]);
            job->output[(ptrdiff_t)i * shape->channels + channel] = finish(shape, stage, sum);
        }
        table = stage + (shape->shift ? 3 : 4);
    }
}
