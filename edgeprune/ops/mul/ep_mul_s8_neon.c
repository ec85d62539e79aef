#include "ep_mul_s8_neon.h"

#include "ep_neon_rows_s8.h"

typedef struct {
    int8x16_t zero_point[2];
    int32x4_t mantissa, shift;
    ep_neon_bounds bounds;
} state;

EP_INLINE void eight(int32x4_t values[2], const state *s, int16x8_t x, int16x8_t y) {
    values[0] = ep_neon_requantize(vmull_s16(vget_low_s16(x), vget_low_s16(y)), s->mantissa,
                                   s->shift, EP_NEON_ANY);
    values[1] = ep_neon_requantize(vmull_high_s16(x, y), s->mantissa, s->shift, EP_NEON_ANY);
}

EP_INLINE int8x16_t sixteen(const void *p, int8x16_t x, int8x16_t y) {
    const state *s = p;
    const int8x16_t a = s->zero_point[0], b = s->zero_point[1];
    int32x4_t values[4];
    eight(values, s, vsubl_s8(vget_low_s8(x), vget_low_s8(a)),
          vsubl_s8(vget_low_s8(y), vget_low_s8(b)));
    eight(values + 2, s, vsubl_high_s8(x, a), vsubl_high_s8(y, b));
    return ep_neon_narrow(values, s->bounds);
}

void ep_mul_s8_neon(const ep_mul_s8_neon_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output, void *scratch) {
    const state s = {{vdupq_n_s8(p->first_zero_point), vdupq_n_s8(p->second_zero_point)},
                     vdupq_n_s32(p->mantissa),
                     vdupq_n_s32(p->shift),
                     ep_neon_bounds_of(&p->output)};
    (void)scratch;
    ep_neon_rows(sixteen, &s, &p->broadcast, first, second, output);
}
