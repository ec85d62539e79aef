#include "ep_tiles_s8.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

/* r1, r3: two pixels; r5: the table; r7: rounds left; r9: rows left; r11: skip; the sums are in
 * the even registers, which is where VMLADAVA can have them: r0 to r6 of the first pixel, r8 to
 * lr of the second.  q4, q5: clamps; q6: zero point.  Frame on the stack:
 *   0 pixels, 8 outputs, 16 rows, 20 rounds, 24 channels left, 28 ties */
__asm__(".syntax unified\n"
        ".thumb\n"
        ".macro ep_tiles_block\n"
        "vldrb.u8 q0, [r1], #16\n"
        "vldrb.u8 q1, [r3], #16\n"
        "vldrb.u8 q2, [r5], #16\n"
        "vmladava.s8 r0, q0, q2\n"
        "vmladava.s8 r8, q1, q2\n"
        "vldrb.u8 q3, [r5], #16\n"
        "vmladava.s8 r2, q0, q3\n"
        "vmladava.s8 r10, q1, q3\n"
        "vldrb.u8 q2, [r5], #16\n"
        "vmladava.s8 r4, q0, q2\n"
        "vmladava.s8 r12, q1, q2\n"
        "vldrb.u8 q3, [r5], #16\n"
        "vmladava.s8 r6, q0, q3\n"
        "vmladava.s8 lr, q1, q3\n"
        ".endm\n"

        ".macro ep_tiles name, blocks, whole\n"
        ".section .text.\\name,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global \\name\n"
        ".type \\name,%function\n"
        ".thumb_func\n"
        "\\name:\n"
        "push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n"
        "vpush {d8, d9, d10, d11, d12, d13}\n"
        "sub sp, #32\n"
        "ldrd r4, r5, [r1]\n"
        "strd r4, r5, [sp, #0]\n"
        "ldrd r4, r5, [r2]\n"
        "strd r4, r5, [sp, #8]\n"
        "ldm r0, {r3, r4, r5, r6, r7, r8, r9, r10}\n"
        "ldr r0, [r0, #32]\n"
        "strd r4, r5, [sp, #16]\n"
        "mov r11, r6\n"
        "strd r7, r0, [sp, #24]\n"
        "vdup.32 q6, r8\n"
        "vdup.32 q4, r9\n"
        "vdup.32 q5, r10\n"
        "mov r5, r3\n"

        "1:\n"
        "ldm r5!, {r0, r2, r4, r6}\n"
        "mov r8, r0\n"
        "mov r10, r2\n"
        "mov r12, r4\n"
        "mov lr, r6\n"
        "ldrd r1, r3, [sp, #0]\n"
        "ldr r9, [sp, #16]\n"
        "2:\n"
        ".if \\whole\n"
        ".rept \\blocks\n"
        "ep_tiles_block\n"
        ".endr\n"
        ".else\n"
        "ldr r7, [sp, #20]\n"
        "3:\n"
        ".rept \\blocks\n"
        "ep_tiles_block\n"
        ".endr\n"
        "subs r7, r7, #1\n"
        "bne.w 3b\n"
        ".endif\n"
        "add r1, r11\n"
        "add r3, r11\n"
        "subs r9, r9, #1\n"
        "bne.w 2b\n"

        "vmov q0[2], q0[0], r0, r4\n"
        "vmov q0[3], q0[1], r2, r6\n"
        "vmov q1[2], q1[0], r8, r12\n"
        "vmov q1[3], q1[1], r10, lr\n"
        "vldrw.u32 q2, [r5], #16\n"
        "vldrw.u32 q3, [r5], #16\n"
        "vqrdmulh.s32 q0, q0, q2\n"
        "vqrdmulh.s32 q1, q1, q2\n"
        "ldrd r7, r9, [sp, #24]\n"
        "cmp r9, #0\n"
        "beq 4f\n"
        "vshr.s32 q2, q0, #31\n"
        "vadd.i32 q0, q0, q2\n"
        "vshr.s32 q2, q1, #31\n"
        "vadd.i32 q1, q1, q2\n"
        "4:\n"
        "vrshl.s32 q0, q0, q3\n"
        "vrshl.s32 q1, q1, q3\n"
        "vadd.i32 q0, q0, q6\n"
        "vadd.i32 q1, q1, q6\n"
        "vmax.s32 q0, q0, q4\n"
        "vmax.s32 q1, q1, q4\n"
        "vmin.s32 q0, q0, q5\n"
        "vmin.s32 q1, q1, q5\n"
        "ldrd r0, r2, [sp, #8]\n"
        "vctp.32 r7\n"
        "vpstt\n"
        "vstrbt.32 q0, [r0], #4\n"
        "vstrbt.32 q1, [r2], #4\n"
        "strd r0, r2, [sp, #8]\n"
        "subs r7, r7, #4\n"
        "str r7, [sp, #24]\n"
        "bgt.w 1b\n"
        "add sp, #32\n"
        "vpop {d8, d9, d10, d11, d12, d13}\n"
        "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}\n"
        ".size \\name, .-\\name\n"
        ".endm\n"

        "ep_tiles ep_tiles_s8_1, 1, 0\n"
        "ep_tiles ep_tiles_s8_2, 2, 0\n"
        "ep_tiles ep_tiles_s8_3, 3, 0\n"
        "ep_tiles ep_tiles_s8_4, 4, 0\n"
        "ep_tiles ep_tiles_s8_1_row, 1, 1\n"
        "ep_tiles ep_tiles_s8_2_row, 2, 1\n"
        "ep_tiles ep_tiles_s8_3_row, 3, 1\n"
        "ep_tiles ep_tiles_s8_4_row, 4, 1\n"
        ".text\n");

__asm__(".syntax unified\n"
        ".thumb\n"
        ".macro ep_stream name, first, second\n"
        ".section .text.\\name,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global \\name\n"
        ".type \\name,%function\n"
        ".thumb_func\n"
        "\\name:\n"
        "push {r4, lr}\n"
        "\\first\n"
        "wlstp.8 lr, r2, 2f\n"
        "1:\n"
        "\\second\n"
        "vstrb.8 q0, [r3], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        "add r0, r0, r2\n"
        "pop {r4, pc}\n"
        ".size \\name, .-\\name\n"
        ".endm\n"
        "ep_stream ep_copy_s8_mve, \"mov r3, r0\", \"vldrb.u8 q0, [r1], #16\"\n"
        "ep_stream ep_fill_s8_mve, \"mov r3, r0\", \"vdup.8 q0, r1\"\n"
        ".text\n");

#else

#include <string.h>

static int8_t finish(const ep_tiles *t, int32_t sum, int32_t mantissa, int32_t shift) {
    int32_t value = ep_high_mul(sum, mantissa);
    value += t->ties && value < 0 ? -1 : 0;
    value = (value + ((int32_t)1 << (-shift - 1))) >> -shift;
    return (int8_t)ep_clamp(value + t->zero_point, t->low, t->high);
}

static void multiply(const ep_tiles *t, int32_t blocks, const int8_t *const *pixels,
                     int8_t *const *outputs) {
    const int32_t *table = t->table;
    for (int32_t channel = 0; channel < t->channels; channel += 4) {
        const int32_t *bias = table;
        const int8_t *weights = (const int8_t *)(table + 4);
        const int32_t *stage = bias + 4 + (ptrdiff_t)t->rows * t->rounds * blocks * 16;
        table = stage + 8;
        for (int32_t i = 0; i < 8; i++) {
            const int32_t lane = i % 4;
            const int8_t *x = pixels[i / 4];
            const int8_t *w = weights + (ptrdiff_t)16 * lane;
            int32_t sum = bias[lane];
            for (int32_t row = 0; row < t->rows; row++, x += t->skip) {
                for (int32_t block = 0; block < t->rounds * blocks; block++, x += 16, w += 64) {
                    for (int32_t k = 0; k < 16; k++) {
                        sum += w[k] == 0 ? 0 : x[k] * w[k];
                    }
                }
            }
            if (channel + lane < t->channels) {
                outputs[i / 4][channel + lane] = finish(t, sum, stage[lane], stage[4 + lane]);
            }
        }
    }
}

#define EP_TILES(name, blocks)                                                                     \
    void name(const ep_tiles *t, const int8_t *const *pixels, int8_t *const *outputs) {            \
        multiply(t, blocks, pixels, outputs);                                                      \
    }
EP_TILES(ep_tiles_s8_1, 1)
EP_TILES(ep_tiles_s8_2, 2)
EP_TILES(ep_tiles_s8_3, 3)
EP_TILES(ep_tiles_s8_4, 4)
EP_TILES(ep_tiles_s8_1_row, 1)
EP_TILES(ep_tiles_s8_2_row, 2)
EP_TILES(ep_tiles_s8_3_row, 3)
EP_TILES(ep_tiles_s8_4_row, 4)

int8_t *ep_copy_s8_mve(int8_t *to, const int8_t *from, int32_t count) {
    memcpy(to, from, (size_t)count);
    return to + count;
}

int8_t *ep_fill_s8_mve(int8_t *to, int32_t value, int32_t count) {
    memset(to, (int)value, (size_t)count);
    return to + count;
}

#endif
