/* Which taps of a window lie inside the input, along one axis. */
#ifndef EP_TAPS_H
#define EP_TAPS_H

#include <stdint.h>

typedef struct {
    int32_t begin, end; /* taps inside; begin == end where none is */
    int32_t first;      /* where tap `begin` lies */
} ep_taps;

static inline ep_taps ep_taps_inside(int32_t start, int32_t size, int32_t taps, int32_t dilation) {
    ep_taps t = {0, 0, 0};
    if (start < 0) {
        t.begin = (-start + dilation - 1) / dilation;
    }
    if (start < size) {
        t.end = (size - start + dilation - 1) / dilation;
    }
    t.end = t.end < taps ? t.end : taps;
    t.begin = t.begin < t.end ? t.begin : t.end;
    t.first = start + t.begin * dilation;
    return t;
}

#endif
