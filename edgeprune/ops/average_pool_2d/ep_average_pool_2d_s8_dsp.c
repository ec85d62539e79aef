#include "ep_average_pool_2d_s8_dsp.h"

void ep_average_pool_2d_s8_dsp(const ep_average_pool_2d_s8_dsp_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
    (void)scratch;
    ep_pool_s8(&p->pool, input, output);
}
