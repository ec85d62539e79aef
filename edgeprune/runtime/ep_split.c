#include "ep_split.h"

#include "ep_copy.h"

void ep_split(const ep_split_params *p, const void *const *inputs, void *const *outputs,
              void *scratch) {
    const uint8_t *from = inputs[0];
    (void)scratch;
    for (int32_t i = 0; i < p->count; i++) {
        ep_copy_rows(outputs[i], p->bytes[i], from, p->row_bytes, p->bytes[i], p->rows);
        from += p->bytes[i];
    }
}
