/* ADD and SUB, int8, inputs of any shapes that broadcast, for Neon: the reference's own steps,
 * where no affine function equals them. */
#ifndef EP_ADD_STEPS_S8_NEON_H
#define EP_ADD_STEPS_S8_NEON_H

#include "ep_add_s8.h"
#include "ep_broadcast.h"

typedef struct {
    ep_sum sum;
    ep_broadcast broadcast;
} ep_add_steps_s8_neon_params;

/* The output may lie over an input that has its shape. */
void ep_add_steps_s8_neon(const ep_add_steps_s8_neon_params *p, const int8_t *first,
                          const int8_t *second, int8_t *output, void *scratch);

#endif
