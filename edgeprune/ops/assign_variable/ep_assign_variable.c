#include "ep_assign_variable.h"

#include <string.h>

void ep_assign_variable(const ep_assign_variable_params *p, const void *value, void *variable,
                        void *scratch) {
    (void)scratch;
    memcpy(variable, value, p->bytes);
}
