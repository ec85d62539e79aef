#include "ep_mean_s8_neon.h"

#include "ep_neon_sum_s8.h"

#define LANES 16

static int8x16_t mean(const ep_mean_s8_neon_params *p, const int8_t *from) {
    const int32x4_t mantissa = vdupq_n_s32(p->mantissa), shift = vdupq_n_s32(p->shift);
    int32x4_t sums[4];
    EP_UNROLLED for (int32_t v = 0; v < 4; v++) {
        sums[v] = vdupq_n_s32(p->offset);
    }
    for (int32_t left = p->taps; left > 0; left -= EP_NEON_MOST_TAPS) {
        const int32_t taps = left < EP_NEON_MOST_TAPS ? left : EP_NEON_MOST_TAPS;
        const ep_neon_sum some = ep_neon_add_taps(ep_neon_no_sum(), from, taps, p->channels);
        sums[0] = vaddw_s16(sums[0], vget_low_s16(some.low));
        sums[1] = vaddw_high_s16(sums[1], some.low);
        sums[2] = vaddw_s16(sums[2], vget_low_s16(some.high));
        sums[3] = vaddw_high_s16(sums[3], some.high);
        from += (ptrdiff_t)taps * p->channels;
    }
    EP_UNROLLED for (int32_t v = 0; v < 4; v++) {
        sums[v] = ep_neon_requantize(sums[v], mantissa, shift, EP_NEON_ANY);
    }
    return ep_neon_narrow(sums, ep_neon_bounds_of(&p->output));
}

void ep_mean_s8_neon(const ep_mean_s8_neon_params *p, const int8_t *input, int8_t *output,
                     void *scratch) {
    (void)scratch;
    for (int32_t image = 0; image < p->images; image++) {
        for (int32_t done = 0; done < p->channels; done += LANES) {
            const int32_t c = done + LANES > p->channels ? p->channels - LANES : done;
            vst1q_s8(output + c, mean(p, input + c));
        }
        input += (ptrdiff_t)p->taps * p->channels;
        output += p->channels;
    }
}
