/* ARG_MAX and ARG_MIN, int8: the place of the first greatest or least value along one axis. */
#ifndef EP_ARG_MAX_S8_H
#define EP_ARG_MAX_S8_H

#include "ep_reduction.h"
#include "ep_runtime.h"

typedef struct {
    int32_t flip;           /* -1 for the least value, whose complement is the greatest; else 0 */
    int32_t wide;           /* 1 where outputs are int64, 0 where they are int32 */
    ep_reduction reduction; /* along reduced_inner only */
} ep_arg_max_s8_params;

void ep_arg_max_s8(const ep_arg_max_s8_params *p, const int8_t *input, void *output, void *scratch);

#endif
