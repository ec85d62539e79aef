/* Output pixels of a sliding window in their order, without division. */
#ifndef EP_PLACE_H
#define EP_PLACE_H

#include "ep_runtime.h"

typedef struct {
    int32_t column; /* of the output */
    int32_t top;    /* where its window starts in the input */
    int32_t left;
} ep_place;

static inline ep_place ep_first_place(const ep_window *w) {
    const ep_place first = {.column = 0, .top = -w->pad_top, .left = -w->pad_left};
    return first;
}

static inline void ep_next_place(const ep_window *w, ep_place *at) {
    at->column++;
    at->left += w->stride_w;
    if (at->column == w->out_w) {
        at->column = 0;
        at->top += w->stride_h;
        at->left = -w->pad_left;
    }
}

#endif
