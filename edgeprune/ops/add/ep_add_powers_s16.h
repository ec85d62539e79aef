/* ADD and SUB, int16 with scales of powers of two, inputs of any shapes that broadcast. */
#ifndef EP_ADD_POWERS_S16_H
#define EP_ADD_POWERS_S16_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    int32_t first_shift; /* right, 0 to 31 */
    int32_t second_shift;
    int32_t sign; /* of the second input: 1 for ADD, -1 for SUB */
    int32_t low;
    int32_t high;
    ep_broadcast broadcast;
} ep_add_powers_s16_params;

/* The output may lie over an input that has its shape. */
void ep_add_powers_s16(const ep_add_powers_s16_params *p, const int16_t *first,
                       const int16_t *second, int16_t *output, void *scratch);

#endif
