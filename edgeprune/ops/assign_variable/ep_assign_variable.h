/* ASSIGN_VARIABLE, any type: the variable's memory takes a copy. */
#ifndef EP_ASSIGN_VARIABLE_H
#define EP_ASSIGN_VARIABLE_H

#include "ep_runtime.h"

typedef struct {
    uint32_t bytes;
} ep_assign_variable_params;

void ep_assign_variable(const ep_assign_variable_params *p, const void *value, void *variable,
                        void *scratch);

#endif
