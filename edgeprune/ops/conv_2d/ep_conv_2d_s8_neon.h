/* CONV_2D, int8, one group, for Neon: filters times pixels, see ep_neon_panels_s8.h.
 *
 * A pixel's rows are read where they lie, or gathered first where they are short. */
#ifndef EP_CONV_2D_S8_NEON_H
#define EP_CONV_2D_S8_NEON_H

#include "ep_neon_frame_s8.h"
#include "ep_neon_panels_s8.h"

typedef struct {
    ep_window window;
    ep_neon_frame frame;
    const int32_t *rows;    /* offsets of a pixel's rows, where they are gathered */
    int32_t row_count;      /* 0: they are read where they lie */
    int32_t row_bytes;      /* of each row */
    int32_t gathered_bytes; /* of a pixel */
    int32_t frame_bytes;    /* of scratch, before the gathered pixels */
    ep_neon_panels panels;
} ep_conv_2d_s8_neon_params;

void ep_conv_2d_s8_neon(const ep_conv_2d_s8_neon_params *p, const int8_t *input, int8_t *output,
                        void *scratch);

#endif
