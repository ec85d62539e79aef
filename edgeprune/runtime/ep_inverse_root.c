#include "ep_inverse_root.h"
#include "ep_runtime.h"

/* value * 2^bits, at the limits of int32 where it is beyond. */
static int32_t raise(int32_t value, int32_t bits) {
    const int64_t raised = (int64_t)value * ((int64_t)1 << bits);
    return raised < INT32_MIN ? INT32_MIN : raised > INT32_MAX ? INT32_MAX : (int32_t)raised;
}

/* Newton's method from 1, five steps, for an operand in steps of 2^-28 between 1/4 and 1. */
static int32_t root_of(int32_t operand) {
    const int32_t half = (operand >> 1) + (operand & 1);
    const int32_t three_halves = (1 << 28) + (1 << 27);
    int32_t root = 1 << 28;
    for (int32_t i = 0; i < 5; i++) {
        const int32_t cube = raise(ep_high_mul(ep_high_mul(root, root), root), 6);
        root = raise(ep_high_mul(three_halves, root) - ep_high_mul(half, cube), 3);
    }
    return ep_high_mul(root, 1518500250); /* sqrt(1/2) in steps of 2^-31 */
}

ep_root ep_inverse_root(int32_t value) {
    ep_root result = {INT32_MAX, 0};
    int32_t shift = 11;
    if (value <= 1) {
        return result;
    }
    while (value >= 1 << 29) {
        value /= 4;
        shift++;
    }
    while (value < 1 << 27) {
        value *= 4;
        shift--;
    }
    result.mantissa = root_of(value >> 1);
    if (shift < 0) {
        result.mantissa = ep_shift_left(result.mantissa, -shift);
        shift = 0;
    }
    result.shift = -shift;
    return result;
}
