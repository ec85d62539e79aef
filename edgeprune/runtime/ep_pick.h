/* Elements of a tensor at any combination of indices, of any type: per dimension a table says
 * where in the input each index of the output lies. */
#ifndef EP_PICK_H
#define EP_PICK_H

#include <stdint.h>

#define EP_PICK_DIMENSIONS 4

typedef struct {
    const int32_t *table[EP_PICK_DIMENSIONS]; /* bytes of the input per index, outermost first */
    int32_t extent[EP_PICK_DIMENSIONS];       /* of the output */
    int32_t run;                              /* bytes that lie together */
} ep_pick_params;

void ep_pick(const ep_pick_params *p, const void *input, void *output, void *scratch);

#endif
