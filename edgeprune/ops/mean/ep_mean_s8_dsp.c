#include "ep_mean_s8_dsp.h"
#include "ep_requantize.h"

/* Up to 16 channels, whole words. */
static void mean_channels(const ep_mean_s8_dsp_params *p, const int8_t *input, int32_t channels,
                          int8_t *output) {
    int32_t sums[EP_SUM_CHANNELS];
    ep_sum_taps_s8(input, p->taps, p->channels, channels, sums);
    if (p->scale != 0) {
        for (int32_t c = 0; c < channels; c++) {
            const int32_t sum = sums[c] + p->offset;
            const int32_t high = ep_smmlar(sum, p->factor, sum & p->whole);
            output[c] = ep_saturate_s8(ep_smmlar(high + (high >> 31), p->scale, p->zero_point));
        }
        return;
    }
    for (int32_t c = 0; c < channels; c++) {
        const int32_t mean = ep_requantize(sums[c] + p->offset, p->mantissa, p->shift);
        output[c] = (int8_t)ep_clamp(mean + p->zero_point, INT8_MIN, INT8_MAX);
    }
}

void ep_mean_s8_dsp(const ep_mean_s8_dsp_params *p, const int8_t *input, int8_t *output,
                    void *scratch) {
    const int32_t blocks = p->channels / EP_SUM_CHANNELS * EP_SUM_CHANNELS;
    (void)scratch;
    for (int32_t i = 0; i < p->images; i++) {
        for (int32_t c = 0; c < blocks; c += EP_SUM_CHANNELS) {
            mean_channels(p, input + c, EP_SUM_CHANNELS, output + c);
        }
        for (int32_t c = blocks; c < p->channels; c += 4) {
            /* The last word overlaps the one before where channels are no multiple of 4. */
            const int32_t at = c + 4 > p->channels ? p->channels - 4 : c;
            mean_channels(p, input + at, 4, output + at);
        }
        input += (ptrdiff_t)p->taps * p->channels;
        output += p->channels;
    }
}
