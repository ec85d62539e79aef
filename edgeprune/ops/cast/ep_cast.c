#include "ep_cast.h"

void ep_cast(const ep_cast_params *p, const void *input, void *output, void *scratch) {
    (void)scratch;
    p->convert(input, output, p->count);
}
