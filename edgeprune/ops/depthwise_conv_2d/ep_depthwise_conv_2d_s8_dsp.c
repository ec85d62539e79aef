#include "ep_depthwise_conv_2d_s8_dsp.h"

#include <string.h>

#include "ep_dsp.h"

/* Point the taps of the window at (top, left) into the image or at the zero points. */
static void aim(const ep_depthwise_conv_2d_s8_dsp_params *p, const int8_t *image,
                const int8_t *zeros, int32_t top, int32_t left, const int8_t **taps) {
    const ep_window *w = &p->window;
    int32_t tap = 0;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        const int32_t y = top + fy * w->dilation_h;
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            const int32_t x = left + fx * w->dilation_w;
            const int inside = y >= 0 && y < w->in_h && x >= 0 && x < w->in_w;
            taps[tap++] = inside ? image + (ptrdiff_t)(y * w->in_w + x) * w->in_c : zeros;
        }
    }
    if (tap < 2 * p->pairs) {
        taps[tap] = zeros; /* its weights are zero */
    }
}

static void four_channels(const ep_depthwise_conv_2d_s8_dsp_params *p, const int8_t *const *taps,
                          int32_t channel, int8_t *output) {
    const int16_t *weights = p->weights + (ptrdiff_t)channel * 2 * p->pairs;
    int32_t sum0 = p->stage.bias[channel];
    int32_t sum1 = p->stage.bias[channel + 1];
    int32_t sum2 = p->stage.bias[channel + 2];
    int32_t sum3 = p->stage.bias[channel + 3];
    for (int32_t pair = 0; pair < p->pairs; pair++) {
        const uint32_t a = ep_load_word(taps[0] + channel);
        const uint32_t b = ep_load_word(taps[1] + channel);
        const uint32_t a_even = ep_sxtb16(a);
        const uint32_t b_even = ep_sxtb16(b);
        const uint32_t a_odd = ep_sxtb16_odd(a);
        const uint32_t b_odd = ep_sxtb16_odd(b);
        sum0 = ep_smlad(ep_pack_low(a_even, b_even), ep_load_word(weights), sum0);
        sum2 = ep_smlad(ep_pack_high(a_even, b_even), ep_load_word(weights + 2), sum2);
        sum1 = ep_smlad(ep_pack_low(a_odd, b_odd), ep_load_word(weights + 4), sum1);
        sum3 = ep_smlad(ep_pack_high(a_odd, b_odd), ep_load_word(weights + 6), sum3);
        taps += 2;
        weights += 8;
    }
    output[0] = ep_finish(&p->stage, channel, sum0);
    output[1] = ep_finish(&p->stage, channel + 1, sum1);
    output[2] = ep_finish(&p->stage, channel + 2, sum2);
    output[3] = ep_finish(&p->stage, channel + 3, sum3);
}

/* One of the up to three channels behind the last full block. */
static int8_t last_channel(const ep_depthwise_conv_2d_s8_dsp_params *p, const int8_t *const *taps,
                           int32_t channel) {
    static const uint8_t place_of[4] = {0, 2, 1, 3};
    const int32_t block = channel & ~3;
    const int16_t *weights =
        p->weights + (ptrdiff_t)block * 2 * p->pairs + 2 * place_of[channel & 3];
    int32_t sum = p->stage.bias[channel];
    for (int32_t pair = 0; pair < p->pairs; pair++) {
        sum += taps[2 * pair][channel] * weights[8 * pair];
        sum += taps[2 * pair + 1][channel] * weights[8 * pair + 1];
    }
    return ep_finish(&p->stage, channel, sum);
}

void ep_depthwise_conv_2d_s8_dsp(const ep_depthwise_conv_2d_s8_dsp_params *p, const int8_t *input,
                                 int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    const int8_t **taps = scratch;
    int8_t *zeros = (int8_t *)(taps + 2 * p->pairs);
    memset(zeros, (int)p->input_zero_point, (size_t)w->in_c);
    for (int32_t b = 0; b < w->batches; b++) {
        for (int32_t i = 0; i < w->out_h * w->out_w; i++) {
            const int32_t top = (i / w->out_w) * w->stride_h - w->pad_top;
            const int32_t left = (i % w->out_w) * w->stride_w - w->pad_left;
            int32_t channel = 0;
            aim(p, input, zeros, top, left, taps);
            for (; channel + 4 <= w->out_c; channel += 4) {
                four_channels(p, taps, channel, output + channel);
            }
            for (; channel < w->out_c; channel++) {
                output[channel] = last_channel(p, taps, channel);
            }
            output += w->out_c;
        }
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
