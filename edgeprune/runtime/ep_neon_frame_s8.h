/* An image with the border that a window reaches into, so that kernels need not ask where it ends.
 */
#ifndef EP_NEON_FRAME_S8_H
#define EP_NEON_FRAME_S8_H

#include "ep_runtime.h"

#define EP_NEON_SLACK 16 /* bytes behind a frame that vectors may read */

typedef struct {
    int32_t is_needed;     /* 0: the window stays within the input */
    int32_t top, left;     /* of the border */
    int32_t rows, columns; /* of the input that the window sees */
    int32_t height, width; /* of all; the input's own where no border is needed */
    int32_t channels;
    int32_t fill; /* the input's zero point */
} ep_neon_frame;

/* The input itself, or its copy with a border in scratch. */
const int8_t *ep_neon_framed(const ep_neon_frame *f, const int8_t *input, int32_t input_width,
                             int8_t *scratch);

#endif
