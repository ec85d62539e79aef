#include "ep_join.h"

#include "ep_copy.h"

void ep_join(const ep_join_params *p, const void *const *inputs, void *const *outputs,
             void *scratch) {
    uint8_t *to = outputs[0];
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        ep_copy_rows(to, p->row_bytes, inputs[i], p->bytes[i], p->bytes[i], p->rows);
        to += p->bytes[i];
    }
}
