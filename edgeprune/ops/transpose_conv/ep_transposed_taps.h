/* Which taps of a transposed convolution reach one output, along one axis. */
#ifndef EP_TRANSPOSED_TAPS_H
#define EP_TRANSPOSED_TAPS_H

#include <stdint.h>

/* Taps `tap`, `tap + stride`, ... meet the inputs `place`, `place - 1`, ... */
typedef struct {
    int32_t tap;
    int32_t place;
    int32_t count;
} ep_transposed_taps;

/* start: the output's place plus the padding; size: of the input. */
static inline ep_transposed_taps ep_taps_reaching(int32_t start, int32_t size, int32_t taps,
                                                  int32_t stride) {
    const int32_t last = start / stride;
    const int32_t skipped = last >= size ? last - size + 1 : 0;
    ep_transposed_taps t;
    t.tap = start - last * stride + skipped * stride;
    t.place = last - skipped;
    t.count = t.tap < taps ? (taps - t.tap + stride - 1) / stride : 0;
    if (t.count > t.place + 1) {
        t.count = t.place + 1;
    }
    return t;
}

#endif
