#include "ep_add_s8_dsp.h"

void ep_add_s8_dsp(const ep_add_s8_dsp_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch) {
    (void)scratch;
    ep_affine_broadcast_s8(&p->affine, &p->broadcast, first, second, output);
}
