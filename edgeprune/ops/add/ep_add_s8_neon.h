/* ADD and SUB, int8, inputs of any shapes that broadcast, for Neon: the affine function of
 * ep_affine_s8.h.
 *
 * SQDMULH of a factor with a value that is shifted left by 23 is floor(factor * q / 256). */
#ifndef EP_ADD_S8_NEON_H
#define EP_ADD_S8_NEON_H

#include "ep_affine_s8.h"

typedef struct {
    ep_affine affine;
    ep_broadcast broadcast;
} ep_add_s8_neon_params;

/* The output may lie over an input that has its shape. */
void ep_add_s8_neon(const ep_add_s8_neon_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output, void *scratch);

#endif
