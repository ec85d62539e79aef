#include "ep_conv_2d_s8_winograd_output.h"
#include "ep_dsp.h"
#include "ep_requantize.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* A^T times (r4 ... r9) without the factors 1, 2, 4 and 4; r4, r6, r10, r5 are the result. */
#define TRANSFORM                                                                                  \
    "add.w r10, r5, r6\n"                                                                          \
    "sub.w r5, r5, r6\n"                                                                           \
    "add.w r6, r7, r8\n"                                                                           \
    "sub.w r7, r7, r8\n"                                                                           \
    "add.w r4, r4, r4, lsl #1\n"                                                                   \
    "sub.w r8, r6, r10, lsl #2\n"                                                                  \
    "add.w r9, r9, r9, lsl #1\n"                                                                   \
    "add.w r4, r8, r4, lsl #1\n"                                                                   \
    "sub.w r10, r6, r10\n"                                                                         \
    "sub.w r6, r7, r5, lsl #1\n"                                                                   \
    "rsb.w r5, r5, r7, lsl #1\n"                                                                   \
    "add.w r5, r5, r9, lsl #1\n"

/* Six rows of sums at r0, r1 bytes apart, become six rows of four words on the stack. */
#define ROWS                                                                                       \
    __asm__(".set place, 0\n"                                                                      \
            ".rept 6\n"                                                                            \
            "ldm.w r0, {r4-r9}\n" TRANSFORM "add.w r0, r0, r1\n"                                   \
            "str.w r4, [sp, #(place)]\n"                                                           \
            "str.w r6, [sp, #(place + 4)]\n"                                                       \
            "str.w r10, [sp, #(place + 8)]\n"                                                      \
            "str.w r5, [sp, #(place + 12)]\n"                                                      \
            ".set place, place + 16\n"                                                             \
            ".endr\n")

/* Step to the next column. */
#define LOAD_STEP "ldr.w r10, [sp, #112]\n"
#define STEP "add.w r1, r1, r10\n"

/* A column of six of these words becomes four outputs at r1, r0 bytes apart, after shifts by
 * S0, S1, S2 and S2. */
#define COLUMN(LOAD_STEP, STEP, PLACE, S0, S1, S2, SIGN)                                           \
    __asm__("ldr.w r4, [sp, #(" PLACE ")]\n"                                                       \
            "ldr.w r5, [sp, #(" PLACE " + 16)]\n"                                                  \
            "ldr.w r6, [sp, #(" PLACE " + 32)]\n"                                                  \
            "ldr.w r7, [sp, #(" PLACE " + 48)]\n"                                                  \
            "ldr.w r8, [sp, #(" PLACE " + 64)]\n"                                                  \
            "ldr.w r9, [sp, #(" PLACE " + 80)]\n" LOAD_STEP STEP TRANSFORM "mul r4, r4, r2\n"      \
            "mul r6, r6, r2\n"                                                                     \
            "mul r10, r10, r2\n"                                                                   \
            "mul r5, r5, r2\n"                                                                     \
            "add.w r4, r11, r4, asr #" S0 "\n"                                                     \
            "add.w r6, r11, r6, asr #" S1 "\n"                                                     \
            "add.w r10, r11, r10, asr #" S2 "\n"                                                   \
            "add.w r5, r11, r5, asr #" S2 "\n"                                                     \
            "smmlar r4, r4, r12, r4\n"                                                             \
            "smmlar r6, r6, r12, r6\n"                                                             \
            "smmlar r10, r10, r12, r10\n"                                                          \
            "smmlar r5, r5, r12, r5\n" SIGN "smmlar r4, r4, lr, r3\n"                              \
            "smmlar r6, r6, lr, r3\n"                                                              \
            "smmlar r10, r10, lr, r3\n"                                                            \
            "smmlar r5, r5, lr, r3\n"                                                              \
            "add.w r7, r1, r0, lsl #1\n"                                                           \
            "ssat r4, #8, r4\n"                                                                    \
            "ssat r6, #8, r6\n"                                                                    \
            "ssat r10, #8, r10\n"                                                                  \
            "ssat r5, #8, r5\n"                                                                    \
            "strb.w r4, [r1]\n"                                                                    \
            "strb.w r6, [r1, r0]\n"                                                                \
            "strb.w r10, [r7]\n"                                                                   \
            "strb.w r5, [r7, r0]\n")

/* Ties of negative numbers go down. */
#define SIGN                                                                                       \
    "add.w r4, r4, r4, asr #31\n"                                                                  \
    "add.w r6, r6, r6, asr #31\n"                                                                  \
    "add.w r10, r10, r10, asr #31\n"                                                               \
    "add.w r5, r5, r5, asr #31\n"

/* r2 the inverse of 9, r3 zero point, r11 bias, r12 factor, lr scale.  On the stack: 0 six rows
 * of four words, 96 sums, 100 tile, 104 last tile's end, 108 row_step, 112 pixel_bytes. */
#define BEGIN                                                                                      \
    __asm__("push.w {r4-r11, lr}\n"                                                                \
            "sub.w sp, sp, #116\n"                                                                 \
            "add.w r2, r2, r2, lsl #1\n"                                                           \
            "add.w r2, r1, r2, lsl #3\n"                                                           \
            "ldm.w r3, {r4-r8}\n"                                                                  \
            "str.w r0, [sp, #96]\n"                                                                \
            "str.w r1, [sp, #100]\n"                                                               \
            "str.w r2, [sp, #104]\n"                                                               \
            "str.w r8, [sp, #108]\n"                                                               \
            "mov.w r11, r4\n"                                                                      \
            "mov.w r12, r5\n"                                                                      \
            "mov.w lr, r6\n"                                                                       \
            "mov.w r3, r7\n"                                                                       \
            "movw r2, #0x8e39\n"                                                                   \
            "movt r2, #0x38e3\n"                                                                   \
            ".balign 4\n"                                                                          \
            "1: ldr.w r0, [sp, #96]\n"                                                             \
            "ldr.w r1, [sp, #108]\n")

/* Where the tile goes, and on to the next. */
#define PLACE_TILE                                                                                 \
    __asm__("ldr.w r7, [sp, #100]\n"                                                               \
            "ldr.w r4, [sp, #96]\n"                                                                \
            "ldr.w r1, [r7]\n"                                                                     \
            "ldr.w r0, [r7, #4]\n"                                                                 \
            "ldr.w r5, [r7, #8]\n"                                                                 \
            "ldr.w r6, [r7, #12]\n"                                                                \
            "add.w r4, r4, #24\n"                                                                  \
            "add.w r6, r6, r1\n"                                                                   \
            "str.w r5, [sp, #112]\n"                                                               \
            "str.w r4, [sp, #96]\n"                                                                \
            "str.w r6, [r7]\n"                                                                     \
            "add.w r7, r7, #24\n"                                                                  \
            "str.w r7, [sp, #100]\n")

#define END                                                                                        \
    __asm__("ldr.w r4, [sp, #100]\n"                                                               \
            "ldr.w r5, [sp, #104]\n"                                                               \
            "cmp.w r4, r5\n"                                                                       \
            "bne.w 1b\n"                                                                           \
            "add.w sp, sp, #116\n"                                                                 \
            "pop.w {r4-r11, pc}\n")

#define DEFINE(NAME, SIGN)                                                                         \
    __attribute__((naked, noinline)) void NAME(                                                    \
        EP_UNUSED const uint8_t *sums, EP_UNUSED ep_winograd_tile *tiles, EP_UNUSED int32_t count, \
        EP_UNUSED const ep_winograd_stage *stage) {                                                \
        BEGIN;                                                                                     \
        ROWS;                                                                                      \
        PLACE_TILE;                                                                                \
        COLUMN("", "", "0", "6", "5", "4", SIGN);                                                  \
        COLUMN(LOAD_STEP, STEP, "4", "5", "4", "3", SIGN);                                         \
        COLUMN(LOAD_STEP, STEP, "8", "4", "3", "2", SIGN);                                         \
        COLUMN(LOAD_STEP, STEP, "12", "4", "3", "2", SIGN);                                        \
        END;                                                                                       \
    }

DEFINE(ep_winograd_output_any, SIGN)
DEFINE(ep_winograd_output_relu, "")

#else

/* A^T times six words, without the factors 1, 2, 4 and 4. */
static void transform(const uint32_t m[6], uint32_t result[4]) {
    const uint32_t sum1 = m[1] + m[2];
    const uint32_t difference1 = m[1] - m[2];
    const uint32_t sum2 = m[3] + m[4];
    const uint32_t difference2 = m[3] - m[4];
    result[0] = 6u * m[0] - 4u * sum1 + sum2;
    result[1] = difference2 - 2u * difference1;
    result[2] = sum2 - sum1;
    result[3] = 2u * difference2 - difference1 + 6u * m[5];
}

static void finish_tile(const uint8_t *sums, ep_winograd_tile *tile, const ep_winograd_stage *stage,
                        int relu) {
    static const int32_t twos[4] = {0, 1, 2, 2};
    uint32_t rows[6][4];
    for (int32_t i = 0; i < 6; i++) {
        uint32_t m[6];
        for (int32_t j = 0; j < 6; j++) {
            m[j] = ep_load_word(sums + (ptrdiff_t)i * stage->row_step + 4 * j);
        }
        transform(m, rows[i]);
    }
    for (int32_t x = 0; x < 4; x++) {
        uint32_t column[6];
        uint32_t result[4];
        for (int32_t i = 0; i < 6; i++) {
            column[i] = rows[i][x];
        }
        transform(column, result);
        for (int32_t y = 0; y < 4; y++) {
            const int32_t sum = (int32_t)(result[y] * 0x38e38e39u) >> (6 - twos[x] - twos[y]);
            int8_t *out = tile->corner + y * tile->row_bytes + x * tile->pixel_bytes;
            *out = relu ? ep_requantize_fast_relu(stage->bias + sum, stage->factor, stage->scale,
                                                  stage->zero_point)
                        : ep_requantize_fast(stage->bias + sum, stage->factor, stage->scale,
                                             stage->zero_point);
        }
    }
    tile->corner += tile->channel_step;
}

static void finish_tiles(const uint8_t *sums, ep_winograd_tile *tiles, int32_t count,
                         const ep_winograd_stage *stage, int relu) {
    for (int32_t i = 0; i < count; i++) {
        finish_tile(sums + 24 * i, tiles + i, stage, relu);
    }
}

void ep_winograd_output_any(const uint8_t *sums, ep_winograd_tile *tiles, int32_t count,
                            const ep_winograd_stage *stage) {
    finish_tiles(sums, tiles, count, stage, 0);
}

void ep_winograd_output_relu(const uint8_t *sums, ep_winograd_tile *tiles, int32_t count,
                             const ep_winograd_stage *stage) {
    finish_tiles(sums, tiles, count, stage, 1);
}

#endif
