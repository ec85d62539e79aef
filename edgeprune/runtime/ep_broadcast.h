/* How two inputs of different shapes meet: by rows, the stretches of the last dimension. */
#ifndef EP_BROADCAST_H
#define EP_BROADCAST_H

#include <stdint.h>

/* The output's extents, and elements to step in each input per dimension, 0 where it repeats.
 * In the last dimension a step is 0 or 1. */
typedef struct {
    int32_t extent[4];
    int32_t first_step[4];
    int32_t second_step[4];
} ep_broadcast;

/* Where a row begins, in elements of each tensor. */
typedef struct {
    int32_t index[3];
    int32_t first;
    int32_t second;
    int32_t output;
} ep_row;

static inline ep_row ep_first_row(void) {
    const ep_row row = {{0, 0, 0}, 0, 0, 0};
    return row;
}

/* Moves to the next row; 0 when there is none. */
static inline int32_t ep_next_row(const ep_broadcast *b, ep_row *row) {
    row->output += b->extent[3];
    for (int32_t d = 2; d >= 0; d--) {
        row->first += b->first_step[d];
        row->second += b->second_step[d];
        row->index[d]++;
        if (row->index[d] < b->extent[d]) {
            return 1;
        }
        row->first -= b->first_step[d] * b->extent[d];
        row->second -= b->second_step[d] * b->extent[d];
        row->index[d] = 0;
    }
    return 0;
}

#endif
