/* Tensors of integers whose type is a parameter, for conversions that no loop of a model waits for.
 */
#ifndef EP_INTEGER_H
#define EP_INTEGER_H

#include "ep_runtime.h"

typedef enum { EP_INT8, EP_UINT8, EP_INT16, EP_INT32 } ep_integer_type;

static inline int32_t ep_read_integer(const void *values, ep_integer_type type, int32_t index) {
    switch (type) {
    case EP_INT8:
        return ((const int8_t *)values)[index];
    case EP_UINT8:
        return ((const uint8_t *)values)[index];
    case EP_INT16:
        return ((const int16_t *)values)[index];
    default:
        return ((const int32_t *)values)[index];
    }
}

/* The value must be one of the type's. */
static inline void ep_write_integer(void *values, ep_integer_type type, int32_t index,
                                    int32_t value) {
    switch (type) {
    case EP_INT8:
        ((int8_t *)values)[index] = (int8_t)value;
        break;
    case EP_UINT8:
        ((uint8_t *)values)[index] = (uint8_t)value;
        break;
    case EP_INT16:
        ((int16_t *)values)[index] = (int16_t)value;
        break;
    default:
        ((int32_t *)values)[index] = value;
        break;
    }
}

#endif
