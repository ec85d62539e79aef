/* Clamps of fused activations, for kernels whose own output stage saturates to int8 only. */
#ifndef EP_CLAMP_S8_H
#define EP_CLAMP_S8_H

#include <stdint.h>

/* Bring values within low and high, in place; nothing is done where those are int8's own. */
void ep_clamp_s8(int8_t *values, int32_t count, int32_t low, int32_t high);

#endif
