/* ADD, int8, inputs of equal shape. */
#ifndef EP_ADD_S8_H
#define EP_ADD_S8_H

#include "ep_runtime.h"

/* How one input goes to the common scale of the sum. */
typedef struct {
    int32_t zero_point;
    int32_t mantissa;
    int32_t shift; /* 0 or less */
} ep_addend;

/* The arithmetic of one sum, whatever the shapes. */
typedef struct {
    ep_addend first;
    ep_addend second;
    struct {
        int32_t mantissa;
        int32_t shift; /* 0 or less */
        int32_t zero_point;
        int32_t low;
        int32_t high;
    } output;
} ep_sum;

static inline int32_t ep_scale_addend(const ep_addend *a, int32_t value) {
    /* 20 bits of headroom, as the reference has: 9 bits of difference fit beside them. */
    int32_t raised = ep_shift_left(value - a->zero_point, 20);
    return ep_rounding_shift(ep_high_mul(raised, a->mantissa), -a->shift);
}

static inline int8_t ep_add_values(const ep_sum *s, int32_t first, int32_t second) {
    int32_t sum = ep_scale_addend(&s->first, first) + ep_scale_addend(&s->second, second);
    int32_t value = ep_rounding_shift(ep_high_mul(sum, s->output.mantissa), -s->output.shift);
    return (int8_t)ep_clamp(value + s->output.zero_point, s->output.low, s->output.high);
}

typedef struct {
    ep_sum sum;
    int32_t count;
} ep_add_s8_params;

void ep_add_s8(const ep_add_s8_params *p, const int8_t *first, const int8_t *second, int8_t *output,
               void *scratch);

#endif
