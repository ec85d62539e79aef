#include "ep_add_steps_s8_neon.h"

#include "ep_neon_rows_s8.h"

#define HEADROOM 20 /* bits, as in ep_scale_addend */

typedef struct {
    int8x16_t zero_point;
    int32x4_t mantissa, shift;
} addend;

typedef struct {
    addend first, second;
    int32x4_t mantissa, shift;
    ep_neon_bounds bounds;
} state;

EP_INLINE int32x4_t share(const addend *a, int16x4_t difference) {
    const int32x4_t raised = vshlq_n_s32(vmovl_s16(difference), HEADROOM);
    return ep_neon_requantize(raised, a->mantissa, a->shift, EP_NEON_ANY);
}

EP_INLINE int32x4_t four(const state *s, int16x4_t x, int16x4_t y) {
    const int32x4_t sum = vaddq_s32(share(&s->first, x), share(&s->second, y));
    return ep_neon_requantize(sum, s->mantissa, s->shift, EP_NEON_ANY);
}

EP_INLINE int8x16_t sixteen(const void *p, int8x16_t x, int8x16_t y) {
    const state *s = p;
    const int8x16_t a = s->first.zero_point, b = s->second.zero_point;
    const int16x8_t low_x = vsubl_s8(vget_low_s8(x), vget_low_s8(a));
    const int16x8_t low_y = vsubl_s8(vget_low_s8(y), vget_low_s8(b));
    const int16x8_t high_x = vsubl_high_s8(x, a), high_y = vsubl_high_s8(y, b);
    const int32x4_t values[4] = {
        four(s, vget_low_s16(low_x), vget_low_s16(low_y)),
        four(s, vget_high_s16(low_x), vget_high_s16(low_y)),
        four(s, vget_low_s16(high_x), vget_low_s16(high_y)),
        four(s, vget_high_s16(high_x), vget_high_s16(high_y)),
    };
    return ep_neon_narrow(values, s->bounds);
}

static addend addend_of(const ep_addend *a) {
    const addend vectors = {vdupq_n_s8((int8_t)a->zero_point), vdupq_n_s32(a->mantissa),
                            vdupq_n_s32(a->shift)};
    return vectors;
}

void ep_add_steps_s8_neon(const ep_add_steps_s8_neon_params *p, const int8_t *first,
                          const int8_t *second, int8_t *output, void *scratch) {
    const ep_sum *sum = &p->sum;
    const ep_neon_output range = {EP_NEON_ANY, (int16_t)sum->output.zero_point,
                                  (int8_t)sum->output.low, (int8_t)sum->output.high};
    const state s = {addend_of(&sum->first), addend_of(&sum->second),
                     vdupq_n_s32(sum->output.mantissa), vdupq_n_s32(sum->output.shift),
                     ep_neon_bounds_of(&range)};
    (void)scratch;
    ep_neon_rows(sixteen, &s, &p->broadcast, first, second, output);
}
