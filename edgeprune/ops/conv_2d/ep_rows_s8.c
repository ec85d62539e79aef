#include "ep_rows_s8.h"
#include "ep_dsp.h"

static int16_t *fill(int16_t *to, int32_t count, int16_t value) {
    for (int32_t i = 0; i < count; i++) {
        *to++ = value;
    }
    return to;
}

#if defined(__ARM_FEATURE_DSP)
/* 16 values per round: four words become eight. */
#define EP_WIDEN(word, at)                                                                         \
    "sxtb16 r8, " word "\nsxtb16 " word ", " word ", ror #8\n"                                     \
    "pkhbt r9, r8, " word ", lsl #16\npkhtb r8, " word ", r8, asr #16\n"                           \
    "str.w r9, [%1, #" at "]\nstr.w r8, [%1, #" at " + 4]\n"
static inline int32_t widen_blocks(const int8_t **from, int16_t **to, int32_t count) {
    int32_t blocks = count / 16;
    if (blocks != 0) {
        __asm__ volatile(".balign 4\n"
                         "1:\n"
                         "ldr.w r4, [%0]\nldr.w r5, [%0, #4]\n"
                         "ldr.w r6, [%0, #8]\nldr.w r12, [%0, #12]\n" EP_WIDEN("r4", "0")
                             EP_WIDEN("r5", "8") EP_WIDEN("r6", "16")
                                 EP_WIDEN("r12", "24") "add.w %0, %0, #16\nadd.w %1, %1, #32\n"
                                                       "subs.w %2, %2, #1\nbne.w 1b\n"
                         : "+r"(*from), "+r"(*to), "+r"(blocks)
                         :
                         : "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
    }
    return count % 16;
}
#else
static inline int32_t widen_blocks(const int8_t **from, int16_t **to, int32_t count) {
    (void)from;
    (void)to;
    return count;
}
#endif

static int16_t *widen(const int8_t *from, int32_t count, int16_t *to) {
    count = widen_blocks(&from, &to, count);
    for (int32_t i = 0; i < count; i++) {
        *to++ = *from++;
    }
    return to;
}

/* One copy of a row whose pixels begin `left` halfwords into it, or before it. */
static void fill_copy(const ep_rows *r, const int8_t *pixels, int32_t left, int32_t count,
                      int16_t *to) {
    const int16_t *end = to + r->copy;
    const int16_t zero = (int16_t)r->zero_point;
    if (left < 0) {
        pixels -= left;
        count += left;
        left = 0;
    }
    if (count > r->copy - left) {
        count = r->copy - left;
    }
    to = fill(to, left, zero);
    to = widen(pixels, count > 0 ? count : 0, to);
    fill(to, (int32_t)(end - to), zero);
}

void ep_fill_rows_s8(const ep_window *w, const ep_rows *r, const int8_t *image, int32_t top,
                     int32_t count, int16_t *rows) {
    const int32_t pixels = w->in_w * w->in_c, left = w->pad_left * w->in_c;
    for (int32_t y = top; y < top + count; y++, rows += r->pitch) {
        if (y < 0 || y >= w->in_h) {
            fill(rows, r->pitch, (int16_t)r->zero_point);
            continue;
        }
        const int8_t *row = image + (ptrdiff_t)y * pixels;
        fill_copy(r, row, left, pixels, rows);
        if (r->pitch > r->copy) {
            fill_copy(r, row, left - r->shift, pixels, rows + r->copy);
        }
    }
}
