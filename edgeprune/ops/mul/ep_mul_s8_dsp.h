/* MUL, int8, for cores with the DSP extension, inputs of any shapes that broadcast.
 *
 *     t = x * y + round(x * y * factor / 2^32)         x and y less their zero points
 *     out = clamp(saturate(zero_point + round(t * scale / 2^32)))
 *
 * Rounding is to nearest, ties up.  The reference's ties go away from zero in the second step;
 * scale is greater than a power of two by so little that just the ties move.  That this equals
 * the reference is proved for every product when code is generated. */
#ifndef EP_MUL_S8_DSP_H
#define EP_MUL_S8_DSP_H

#include "ep_broadcast.h"
#include "ep_runtime.h"

typedef struct {
    uint32_t first; /* minus the first zero point, in both halves */
    uint32_t second;
    int32_t factor;
    int32_t scale;
    int32_t zero_point;
    uint32_t low; /* the clamping range, each bound in four bytes */
    uint32_t high;
} ep_product_s8;

typedef struct {
    ep_product_s8 product;
    ep_broadcast broadcast;
} ep_mul_s8_dsp_params;

/* The output may lie over an input that has its shape. */
void ep_mul_s8_dsp(const ep_mul_s8_dsp_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch);

#endif
