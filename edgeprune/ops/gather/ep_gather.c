#include "ep_gather.h"

#include "ep_copy.h"

static int32_t within(int64_t index, int32_t extent) {
    if (index < 0) {
        return 0;
    }
    return index < extent ? (int32_t)index : extent - 1;
}

void ep_gather(const ep_gather_params *p, const void *input, const void *indices, void *output,
               void *scratch) {
    const uint8_t *from = input;
    uint8_t *to = output;
    (void)scratch;
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t outer = 0; outer < p->outer; outer++) {
            for (int32_t i = 0; i < p->count; i++) {
                const int32_t place = batch * p->count + i;
                const int64_t index =
                    p->wide ? ((const int64_t *)indices)[place] : ((const int32_t *)indices)[place];
                ep_copy_run(to, from + within(index, p->extent) * p->run, p->run);
                to += p->run;
            }
            from += p->extent * p->run;
        }
    }
}
