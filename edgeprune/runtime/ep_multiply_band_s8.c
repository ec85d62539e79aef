#include "ep_multiply_band_s8.h"
#include "ep_runtime.h"

#include <string.h>

/* One block of four channels for all pixels. */
static void multiply_block(const ep_multiply_s8 *m, const int32_t *stage, const int16_t *weights,
                           const int16_t *columns, int32_t count, int32_t pitch, int8_t *output) {
    const int16_t *end = columns + 4 * (ptrdiff_t)m->steps * (count / 2);
    ep_products_run run = {end, output, pitch, 8 * m->steps, m->zero_point};
    if (count > 1) {
        m->products(stage, weights, columns, &run);
    }
    if (count & 1) {
        run.end = end + 4 * (ptrdiff_t)m->steps;
        run.output = output + (ptrdiff_t)(count - 1) * pitch;
        run.pitch = 0;
        m->product(stage, weights, end, &run);
    }
}

void ep_clamp_band_s8(const ep_multiply_s8 *m, int8_t *output, int32_t count) {
    const int32_t size = m->low > -128 || m->high < 127 ? count * m->channels : 0;
    for (int32_t i = 0; i < size; i++) {
        output[i] = (int8_t)ep_clamp(output[i], m->low, m->high);
    }
}

/* Fewer channels than a block has: through scratch, since a block writes four. */
static void multiply_few(const ep_multiply_s8 *m, const int16_t *columns, int32_t count,
                         int8_t *output, int8_t *four) {
    multiply_block(m, m->stage, m->weights, columns, count, 4, four);
    for (int32_t i = 0; i < count; i++) {
        for (int32_t channel = 0; channel < m->channels; channel++) {
            *output++ = four[4 * i + channel];
        }
    }
}

void ep_multiply_band_s8(const ep_multiply_s8 *m, const int16_t *columns, int32_t count,
                         int8_t *output, void *scratch) {
    const int16_t *weights = m->weights;
    const int32_t *stage = m->stage;
    if (m->channels < 4) {
        multiply_few(m, columns, count, output, scratch);
    }
    for (int32_t channel = 0; m->channels >= 4 && channel < m->channels; channel += 4) {
        const int32_t last = m->channels - 4;
        const int16_t *block = weights;
        if (m->copies_weights) {
            memcpy(scratch, weights, 8 * (size_t)m->steps);
            block = scratch;
        }
        multiply_block(m, stage, block, columns, count, m->channels,
                       output + (channel < last ? channel : last));
        weights += 4 * (ptrdiff_t)m->steps;
        stage += 12;
    }
    ep_clamp_band_s8(m, output, count);
}
