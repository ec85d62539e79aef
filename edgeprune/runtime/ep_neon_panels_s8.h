/* Filters times pixels for int8 by Neon, with SDOT and without, from one table of weights.
 *
 * A pixel is what a filter sees of the input: `stretches` of bytes that lie together, each
 * `steps` words of four bytes long and at its own offset.  Sixteen filters make a panel, whose
 * weights lie in the order of their use: [stretch][step][filter][4 bytes], so that a vector holds
 * four filters' shares of a word.  The last panel has eight filters where no more are left.
 *
 * With SDOT, five pixels meet a panel at a time: a step is one load of four vectors and twenty
 * instructions of sixteen products each.  Without, two pixels do; products of two steps are added
 * in 16 bits before they join the sums, which is safe unless both weights are -128. */
#ifndef EP_NEON_PANELS_S8_H
#define EP_NEON_PANELS_S8_H

#include "ep_neon_s8.h"

#define EP_NEON_WIDTH 16 /* filters of a panel */
#define EP_NEON_BAND 20  /* pixels that ep_neon_multiply takes at most */
#define EP_NEON_TILE 5

typedef struct {
    const int8_t *weights;
    const int32_t
        *stage; /* per panel: bias[16] with the input's zero point, mantissa[16], shift[16] */
    const int32_t *offsets; /* of the stretches */
    int32_t stretches;
    int32_t steps;
    int32_t channels;
    int32_t paired; /* whether no weight is -128 */
    ep_neon_output output;
} ep_neon_panels;

/* One panel: its weights and factors, and how many of its filters there are. */
typedef struct {
    const int8_t *weights;
    const int32_t *stage;
    int32_t channels;
} ep_neon_panel;

/* How many of `left` pixels to take next, so that no band ends with less than a tile. */
static inline int32_t ep_neon_next_band(int32_t left) {
    if (left <= EP_NEON_BAND) {
        return left;
    }
    return left < EP_NEON_BAND + EP_NEON_TILE ? EP_NEON_BAND - EP_NEON_TILE : EP_NEON_BAND;
}

/* All channels of `count` pixels, one pixel after the other. */
void ep_neon_multiply(const ep_neon_panels *p, const int8_t *const *pixels, int32_t count,
                      int8_t *output);

#endif
