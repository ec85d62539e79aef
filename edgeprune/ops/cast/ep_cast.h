/* CAST: the numbers of a tensor in another type.
 *
 * EP_CAST_FUNCTION makes the loop for one pair of types; the generated model has one for each pair
 * that it uses.  Integers are taken modulo 2^n, floats rounded towards zero; a float beyond the
 * range, for which the reference defines nothing, becomes the nearest number, NaN the lowest. */
#ifndef EP_CAST_H
#define EP_CAST_H

#include <stdint.h>

#define EP_CAST_FUNCTION(from_type, to_type)                                                       \
    static void cast_##from_type##_##to_type(const void *input, void *output, int32_t count) {     \
        const from_type *from = (const from_type *)input;                                          \
        to_type *to = (to_type *)output;                                                           \
        for (int32_t i = 0; i < count; i++) {                                                      \
            to[i] = (to_type)from[i];                                                              \
        }                                                                                          \
    }

/* `low` and `high` are floats: the least number, and the first one above the greatest. */
#define EP_CAST_FROM_FLOAT_FUNCTION(to_type, low, high, greatest)                                  \
    static void cast_float_##to_type(const void *input, void *output, int32_t count) {             \
        const float *from = (const float *)input;                                                  \
        to_type *to = (to_type *)output;                                                           \
        for (int32_t i = 0; i < count; i++) {                                                      \
            to[i] = !(from[i] > (low)) ? (to_type)(low)                                            \
                    : from[i] < (high) ? (to_type)from[i]                                          \
                                       : (to_type)(greatest);                                      \
        }                                                                                          \
    }

/* To bool: whether the number is not 0. */
#define EP_CAST_TO_BOOL_FUNCTION(from_type)                                                        \
    static void cast_##from_type##_bool(const void *input, void *output, int32_t count) {          \
        const from_type *from = (const from_type *)input;                                          \
        uint8_t *to = (uint8_t *)output;                                                           \
        for (int32_t i = 0; i < count; i++) {                                                      \
            to[i] = (uint8_t)(from[i] != (from_type)0);                                            \
        }                                                                                          \
    }

typedef struct {
    void (*convert)(const void *input, void *output, int32_t count);
    int32_t count;
} ep_cast_params;

void ep_cast(const ep_cast_params *p, const void *input, void *output, void *scratch);

#endif
