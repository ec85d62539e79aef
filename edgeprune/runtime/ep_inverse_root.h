/* One over a square root in fixed point, as TFLite's reference kernels find it. */
#ifndef EP_INVERSE_ROOT_H
#define EP_INVERSE_ROOT_H

#include <stdint.h>

typedef struct {
    int32_t mantissa;
    int32_t shift; /* 1 / sqrt(value) = mantissa * 2^(shift - 31); 0 or less */
} ep_root;

/* value is 0 or more; 0 counts as 1. */
ep_root ep_inverse_root(int32_t value);

#endif
