/* Two inputs of shapes that broadcast, sixteen values at a time. */
#ifndef EP_NEON_ROWS_S8_H
#define EP_NEON_ROWS_S8_H

#include "ep_broadcast.h"
#include "ep_neon_s8.h"

/* Sixteen outputs; the state holds what is the same for all. */
typedef int8x16_t ep_neon_pair(const void *state, int8x16_t first, int8x16_t second);

/* One row; an input that steps by 0 repeats its value.  The output may be an input's memory. */
EP_INLINE void ep_neon_row(ep_neon_pair *pair, const void *state, const int8_t *first,
                           int32_t first_step, const int8_t *second, int32_t second_step,
                           int8_t *output, int32_t count) {
    int8_t x[16], y[16], rest[16];
    memset(x, *first, sizeof x);
    memset(y, *second, sizeof y);
    first = first_step != 0 ? first : x;
    second = second_step != 0 ? second : y;
    for (; count >= 16; count -= 16) {
        vst1q_s8(output, pair(state, vld1q_s8(first), vld1q_s8(second)));
        first += 16 * first_step;
        second += 16 * second_step;
        output += 16;
    }
    if (count > 0) {
        memmove(x, first, (size_t)count);
        memmove(y, second, (size_t)count);
        vst1q_s8(rest, pair(state, vld1q_s8(x), vld1q_s8(y)));
        memcpy(output, rest, (size_t)count);
    }
}

/* All rows. */
EP_INLINE void ep_neon_rows(ep_neon_pair *pair, const void *state, const ep_broadcast *b,
                            const int8_t *first, const int8_t *second, int8_t *output) {
    ep_row row = ep_first_row();
    do {
        ep_neon_row(pair, state, first + row.first, b->first_step[3], second + row.second,
                    b->second_step[3], output + row.output, b->extent[3]);
    } while (ep_next_row(b, &row) != 0);
}

#endif
