#include "ep_columns_s8.h"
#include "ep_dsp.h"

void ep_expand_column_s8(const int8_t *values, int32_t count, int32_t depth, int16_t *column) {
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        uint32_t word = ep_load_word(values + i);
        ep_store_word(column + i, ep_sxtb16(word));
        ep_store_word(column + i + 2, ep_sxtb16_odd(word));
    }
    if (i < depth) {
        int8_t rest[4] = {0, 0, 0, 0};
        for (int32_t k = 0; i + k < count; k++) {
            rest[k] = values[i + k];
        }
        uint32_t word = ep_load_word(rest);
        ep_store_word(column + i, ep_sxtb16(word));
        ep_store_word(column + i + 2, ep_sxtb16_odd(word));
    }
}

/* One output channel of one column: what is left over by the blocks of channels. */
static int32_t dot(const int8_t *row, const int16_t *column, int32_t depth, int32_t sum) {
    for (int32_t k = 0; k < depth; k += 4) {
        uint32_t w = ep_load_word(row + k);
        sum = ep_smlad(ep_sxtb16(w), ep_load_word(column + k), sum);
        sum = ep_smlad(ep_sxtb16_odd(w), ep_load_word(column + k + 2), sum);
    }
    return sum;
}

void ep_one_column_s8(const ep_columns *c, const int16_t *column, int8_t *output) {
    const int32_t depth = c->depth;
    int32_t channel = 0;
    for (; channel + 4 <= c->channels; channel += 4) {
        const int8_t *row0 = c->weights + (ptrdiff_t)channel * depth;
        const int8_t *row1 = row0 + depth;
        const int8_t *row2 = row1 + depth;
        const int8_t *row3 = row2 + depth;
        int32_t sum0 = c->stage.bias[channel];
        int32_t sum1 = c->stage.bias[channel + 1];
        int32_t sum2 = c->stage.bias[channel + 2];
        int32_t sum3 = c->stage.bias[channel + 3];
        for (int32_t k = 0; k < depth; k += 4) {
            uint32_t even = ep_load_word(column + k);
            uint32_t odd = ep_load_word(column + k + 2);
            uint32_t w0 = ep_load_word(row0 + k);
            uint32_t w1 = ep_load_word(row1 + k);
            uint32_t w2 = ep_load_word(row2 + k);
            uint32_t w3 = ep_load_word(row3 + k);
            sum0 = ep_smlad(ep_sxtb16(w0), even, sum0);
            sum0 = ep_smlad(ep_sxtb16_odd(w0), odd, sum0);
            sum1 = ep_smlad(ep_sxtb16(w1), even, sum1);
            sum1 = ep_smlad(ep_sxtb16_odd(w1), odd, sum1);
            sum2 = ep_smlad(ep_sxtb16(w2), even, sum2);
            sum2 = ep_smlad(ep_sxtb16_odd(w2), odd, sum2);
            sum3 = ep_smlad(ep_sxtb16(w3), even, sum3);
            sum3 = ep_smlad(ep_sxtb16_odd(w3), odd, sum3);
        }
        output[channel] = ep_finish(&c->stage, channel, sum0);
        output[channel + 1] = ep_finish(&c->stage, channel + 1, sum1);
        output[channel + 2] = ep_finish(&c->stage, channel + 2, sum2);
        output[channel + 3] = ep_finish(&c->stage, channel + 3, sum3);
    }
    for (; channel < c->channels; channel++) {
        const int8_t *row = c->weights + (ptrdiff_t)channel * depth;
        int32_t sum = dot(row, column, depth, c->stage.bias[channel]);
        output[channel] = ep_finish(&c->stage, channel, sum);
    }
}

void ep_two_columns_s8(const ep_columns *c, const int16_t *first, const int16_t *second,
                       int8_t *first_output, int8_t *second_output) {
    const int32_t depth = c->depth;
    int32_t channel = 0;
    for (; channel + 2 <= c->channels; channel += 2) {
        const int8_t *row0 = c->weights + (ptrdiff_t)channel * depth;
        const int8_t *row1 = row0 + depth;
        int32_t sum00 = c->stage.bias[channel];
        int32_t sum01 = sum00;
        int32_t sum10 = c->stage.bias[channel + 1];
        int32_t sum11 = sum10;
        for (int32_t k = 0; k < depth; k += 4) {
            uint32_t w0 = ep_load_word(row0 + k);
            uint32_t w1 = ep_load_word(row1 + k);
            uint32_t x0 = ep_load_word(first + k);
            uint32_t x1 = ep_load_word(second + k);
            uint32_t even = ep_sxtb16(w0);
            sum00 = ep_smlad(even, x0, sum00);
            sum01 = ep_smlad(even, x1, sum01);
            even = ep_sxtb16(w1);
            sum10 = ep_smlad(even, x0, sum10);
            sum11 = ep_smlad(even, x1, sum11);
            x0 = ep_load_word(first + k + 2);
            x1 = ep_load_word(second + k + 2);
            uint32_t odd = ep_sxtb16_odd(w0);
            sum00 = ep_smlad(odd, x0, sum00);
            sum01 = ep_smlad(odd, x1, sum01);
            odd = ep_sxtb16_odd(w1);
            sum10 = ep_smlad(odd, x0, sum10);
            sum11 = ep_smlad(odd, x1, sum11);
        }
        first_output[channel] = ep_finish(&c->stage, channel, sum00);
        second_output[channel] = ep_finish(&c->stage, channel, sum01);
        first_output[channel + 1] = ep_finish(&c->stage, channel + 1, sum10);
        second_output[channel + 1] = ep_finish(&c->stage, channel + 1, sum11);
    }
    for (; channel < c->channels; channel++) {
        const int8_t *row = c->weights + (ptrdiff_t)channel * depth;
        const int32_t bias = c->stage.bias[channel];
        first_output[channel] = ep_finish(&c->stage, channel, dot(row, first, depth, bias));
        second_output[channel] = ep_finish(&c->stage, channel, dot(row, second, depth, bias));
    }
}
