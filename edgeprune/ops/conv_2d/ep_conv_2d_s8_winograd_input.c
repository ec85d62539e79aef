#include "ep_conv_2d_s8_winograd_input.h"
#include "ep_dsp.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* B^T times (r4 ... r9); r4, r5, r7, r10, r8, r9 are the result in order. */
#define TRANSFORM                                                                                  \
    "sub.w r4, r4, r6\n"                                                                           \
    "sub.w r10, r8, r6\n"                                                                          \
    "add.w r4, r10, r4, lsl #2\n"                                                                  \
    "sub.w r8, r8, r6, lsl #2\n"                                                                   \
    "sub.w r6, r7, r5\n"                                                                           \
    "sub.w r9, r9, r7\n"                                                                           \
    "sub.w r9, r9, r6, lsl #2\n"                                                                   \
    "sub.w r7, r7, r5, lsl #2\n"                                                                   \
    "add.w r5, r8, r7\n"                                                                           \
    "sub.w r7, r8, r7\n"                                                                           \
    "sub.w r8, r10, r6, lsl #1\n"                                                                  \
    "add.w r10, r10, r6, lsl #1\n"

/* r0 pixels, r11 pixels three rows below, r1 columns, r2 row_bytes, r3 pixel_bytes, lr end;
 * r12 is the 128 that makes both halves positive. */
#define COLUMNS(ROTATION)                                                                          \
    __asm__("push.w {r4-r11, lr}\n"                                                                \
            "ldr.w lr, [sp, #36]\n"                                                                \
            "add.w r11, r0, r2\n"                                                                  \
            "add.w r11, r11, r2, lsl #1\n"                                                         \
            "add.w lr, r1, lr, lsl #2\n"                                                           \
            "movw r12, #0x0080\n"                                                                  \
            "movt r12, #0x0080\n"                                                                  \
            ".balign 4\n"                                                                          \
            "1: ldr.w r4, [r0]\n"                                                                  \
            "ldr.w r5, [r0, r2]\n"                                                                 \
            "ldr.w r6, [r0, r2, lsl #1]\n"                                                         \
            "ldr.w r7, [r11]\n"                                                                    \
            "ldr.w r8, [r11, r2]\n"                                                                \
            "ldr.w r9, [r11, r2, lsl #1]\n"                                                        \
            "add.w r0, r0, r3\n"                                                                   \
            "add.w r11, r11, r3\n"                                                                 \
            "sxtab16 r4, r12, r4" ROTATION "\n"                                                    \
            "sxtab16 r5, r12, r5" ROTATION "\n"                                                    \
            "sxtab16 r6, r12, r6" ROTATION "\n"                                                    \
            "sxtab16 r7, r12, r7" ROTATION "\n"                                                    \
            "sxtab16 r8, r12, r8" ROTATION "\n"                                                    \
            "sxtab16 r9, r12, r9" ROTATION "\n" TRANSFORM "str.w r4, [r1]\n"                       \
            "str.w r5, [r1, #72]\n"                                                                \
            "str.w r7, [r1, #144]\n"                                                               \
            "str.w r10, [r1, #216]\n"                                                              \
            "str.w r8, [r1, #288]\n"                                                               \
            "str.w r9, [r1, #360]\n"                                                               \
            "add.w r1, r1, #4\n"                                                                   \
            "cmp.w r1, lr\n"                                                                       \
            "bne.w 1b\n"                                                                           \
            "pop.w {r4-r11, pc}\n")

__attribute__((naked, noinline)) void ep_winograd_columns_even(EP_UNUSED const int8_t *pixels,
                                                               EP_UNUSED uint32_t *columns,
                                                               EP_UNUSED int32_t row_bytes,
                                                               EP_UNUSED int32_t pixel_bytes,
                                                               EP_UNUSED int32_t count) {
    COLUMNS("");
}

__attribute__((naked, noinline)) void ep_winograd_columns_odd(EP_UNUSED const int8_t *pixels,
                                                              EP_UNUSED uint32_t *columns,
                                                              EP_UNUSED int32_t row_bytes,
                                                              EP_UNUSED int32_t pixel_bytes,
                                                              EP_UNUSED int32_t count) {
    COLUMNS(", ror #8");
}

/* r0 columns, r1 values of row `row`, r2 row_step, r3 values of the next patch, lr end. */
__attribute__((naked, noinline)) void ep_winograd_rows(EP_UNUSED const uint32_t *columns,
                                                       EP_UNUSED uint8_t *values,
                                                       EP_UNUSED int32_t row_step,
                                                       EP_UNUSED int32_t patches) {
    __asm__("push.w {r4-r10, lr}\n"
            "add.w lr, r0, r3, lsl #4\n"
            "mov.w r3, r1\n"
            ".balign 4\n"
            "1: mov.w r1, r3\n"
            "add.w r3, r3, #24\n"
            ".set row, 0\n"
            ".rept 6\n"
            "ldr.w r4, [r0, #(row * 72)]\n"
            "ldr.w r5, [r0, #(row * 72 + 4)]\n"
            "ldr.w r6, [r0, #(row * 72 + 8)]\n"
            "ldr.w r7, [r0, #(row * 72 + 12)]\n"
            "ldr.w r8, [r0, #(row * 72 + 16)]\n"
            "ldr.w r9, [r0, #(row * 72 + 20)]\n"
            /* Every result has one of these two once. */
            "add.w r8, r8, #0x8000\n"
            "add.w r9, r9, #0x8000\n" TRANSFORM "eor.w r4, r4, #0x8000\n"
            "eor.w r5, r5, #0x8000\n"
            "eor.w r7, r7, #0x8000\n"
            "eor.w r10, r10, #0x8000\n"
            "eor.w r8, r8, #0x8000\n"
            "eor.w r9, r9, #0x8000\n"
            "str.w r4, [r1]\n"
            "str.w r5, [r1, #4]\n"
            "str.w r7, [r1, #8]\n"
            "str.w r10, [r1, #12]\n"
            "str.w r8, [r1, #16]\n"
            "str.w r9, [r1, #20]\n"
            "add.w r1, r1, r2\n"
            ".set row, row + 1\n"
            ".endr\n"
            "add.w r0, r0, #16\n"
            "cmp.w r0, lr\n"
            "bne.w 1b\n"
            "pop.w {r4-r10, pc}\n");
}

#else

/* B^T times six words, in place. */
static void transform(uint32_t d[6]) {
    const uint32_t even = d[4] - d[2];
    const uint32_t odd = 2u * (d[3] - d[1]);
    const uint32_t even4 = d[4] - 4u * d[2];
    const uint32_t odd4 = d[3] - 4u * d[1];
    d[0] = 4u * (d[0] - d[2]) + even;
    d[5] = d[5] - d[3] - 2u * odd;
    d[1] = even4 + odd4;
    d[2] = even4 - odd4;
    d[3] = even + odd;
    d[4] = even - odd;
}

static void transform_columns(const int8_t *pixels, uint32_t *columns, int32_t row_bytes,
                              int32_t pixel_bytes, int32_t count, int odd) {
    for (int32_t x = 0; x < count; x++) {
        uint32_t d[6];
        for (int32_t y = 0; y < 6; y++) {
            const uint32_t word =
                ep_load_word(pixels + (ptrdiff_t)y * row_bytes + (ptrdiff_t)x * pixel_bytes) ^
                0x80808080u;
            d[y] = (odd ? word >> 8 : word) & 0x00ff00ffu;
        }
        transform(d);
        for (int32_t y = 0; y < 6; y++) {
            columns[y * EP_WINOGRAD_COLUMNS + x] = d[y];
        }
    }
}

void ep_winograd_columns_even(const int8_t *pixels, uint32_t *columns, int32_t row_bytes,
                              int32_t pixel_bytes, int32_t count) {
    transform_columns(pixels, columns, row_bytes, pixel_bytes, count, 0);
}

void ep_winograd_columns_odd(const int8_t *pixels, uint32_t *columns, int32_t row_bytes,
                             int32_t pixel_bytes, int32_t count) {
    transform_columns(pixels, columns, row_bytes, pixel_bytes, count, 1);
}

void ep_winograd_rows(const uint32_t *columns, uint8_t *values, int32_t row_step, int32_t patches) {
    for (int32_t patch = 0; patch < patches; patch++) {
        for (int32_t y = 0; y < 6; y++) {
            uint32_t d[6];
            for (int32_t x = 0; x < 6; x++) {
                d[x] = columns[y * EP_WINOGRAD_COLUMNS + 4 * patch + x];
            }
            transform(d);
            for (int32_t x = 0; x < 6; x++) {
                uint8_t *value = values + (ptrdiff_t)y * row_step + 24 * patch + 4 * x;
                ep_store_word(value, (d[x] + 0x8000u) ^ 0x8000u);
            }
        }
    }
}

#endif
