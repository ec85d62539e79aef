#include "ep_add_s8.h"

void ep_add_s8(const ep_add_s8_params *p, const int8_t *first, const int8_t *second, int8_t *output,
               void *scratch) {
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        output[i] = ep_add_values(&p->sum, first[i], second[i]);
    }
}
