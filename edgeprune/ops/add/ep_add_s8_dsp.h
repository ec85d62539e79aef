/* ADD, int8, for cores with the DSP extension: an affine function of both inputs, of any
 * shapes that broadcast. */
#ifndef EP_ADD_S8_DSP_H
#define EP_ADD_S8_DSP_H

#include "ep_affine_s8.h"

typedef struct {
    ep_affine affine;
    ep_broadcast broadcast;
} ep_add_s8_dsp_params;

void ep_add_s8_dsp(const ep_add_s8_dsp_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch);

#endif
