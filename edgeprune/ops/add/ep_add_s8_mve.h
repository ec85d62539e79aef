/* ADD, int8, inputs of one shape, for Helium: the affine function of ep_affine_s8.h.
 *
 * VMULH of a factor with a value in the top byte of a word is floor(factor * q / 256).  The bytes
 * of each word are taken in turn; narrowing with saturation, to bottom and top halves, brings
 * the results back into order. */
#ifndef EP_ADD_S8_MVE_H
#define EP_ADD_S8_MVE_H

#include "ep_affine_s8.h"

typedef struct {
    ep_affine affine;
    int32_t count;
} ep_add_s8_mve_params;

void ep_add_s8_mve(const ep_add_s8_mve_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch);

#endif
