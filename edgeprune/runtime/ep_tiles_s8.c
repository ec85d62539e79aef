#include "ep_tiles_s8.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include <arm_mve.h>

/* r1, r3: two pixels; r5: the table; r7: rounds left; r11: channels left; the sums are in
 * the even registers, which is where VMLADAVA can have them: r0 to r6 of the first pixel, r8 to
 * lr of the second.  q4, q5: clamps; q6: zero point.  Frame on the stack:
 *   0 pixels, 8 outputs, 16 rounds, 20 ties */
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

        ".macro ep_tiles name, blocks, once\n"
        ".section .text.\\name,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global \\name\n"
        ".type \\name,%function\n"
        ".thumb_func\n"
        "\\name:\n"
        "push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n"
        "vpush {d8, d9, d10, d11, d12, d13}\n"
        "sub sp, #24\n"
        "ldrd r4, r5, [r1]\n"
        "strd r4, r5, [sp, #0]\n"
        "ldrd r4, r5, [r2]\n"
        "strd r4, r5, [sp, #8]\n"
        "ldm r0, {r3, r4, r5, r6, r7, r8, r9}\n"
        "strd r4, r9, [sp, #16]\n"
        "mov r11, r5\n"
        "vdup.32 q6, r6\n"
        "vdup.32 q4, r7\n"
        "vdup.32 q5, r8\n"
        "mov r5, r3\n"

        "1:\n"
        "ldm r5!, {r0, r2, r4, r6}\n"
        "mov r8, r0\n"
        "mov r10, r2\n"
        "mov r12, r4\n"
        "mov lr, r6\n"
        "ldrd r1, r3, [sp, #0]\n"
        ".if \\once\n"
        ".rept \\blocks\n"
        "ep_tiles_block\n"
        ".endr\n"
        ".else\n"
        "ldr r7, [sp, #16]\n"
        "3:\n"
        ".rept \\blocks\n"
        "ep_tiles_block\n"
        ".endr\n"
        "subs r7, r7, #1\n"
        "bne.w 3b\n"
        ".endif\n"

        "vmov q0[2], q0[0], r0, r4\n"
        "vmov q0[3], q0[1], r2, r6\n"
        "vmov q1[2], q1[0], r8, r12\n"
        "vmov q1[3], q1[1], r10, lr\n"
        "vldrw.u32 q2, [r5], #16\n"
        "vldrw.u32 q3, [r5], #16\n"
        "vqrdmulh.s32 q0, q0, q2\n"
        "vqrdmulh.s32 q1, q1, q2\n"
        "ldr r7, [sp, #20]\n"
        "cbz r7, 4f\n"
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
        "vctp.32 r11\n"
        "vpstt\n"
        "vstrbt.32 q0, [r0], #4\n"
        "vstrbt.32 q1, [r2], #4\n"
        "strd r0, r2, [sp, #8]\n"
        "subs r11, r11, #4\n"
        "bgt.w 1b\n"
        "add sp, #24\n"
        "vpop {d8, d9, d10, d11, d12, d13}\n"
        "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}\n"
        ".size \\name, .-\\name\n"
        ".endm\n"

        "ep_tiles ep_tiles_s8_1, 1, 0\n"
        "ep_tiles ep_tiles_s8_2, 2, 0\n"
        "ep_tiles ep_tiles_s8_3, 3, 0\n"
        "ep_tiles ep_tiles_s8_4, 4, 0\n"
        "ep_tiles ep_tiles_s8_6, 6, 0\n"
        "ep_tiles ep_tiles_s8_9, 9, 0\n"
        "ep_tiles ep_tiles_s8_1_once, 1, 1\n"
        "ep_tiles ep_tiles_s8_2_once, 2, 1\n"
        "ep_tiles ep_tiles_s8_3_once, 3, 1\n"
        "ep_tiles ep_tiles_s8_4_once, 4, 1\n"
        "ep_tiles ep_tiles_s8_6_once, 6, 1\n"
        "ep_tiles ep_tiles_s8_9_once, 9, 1\n"
        ".text\n");

void ep_spread_s8(int8_t *to, ptrdiff_t pitch, const int8_t *from, int32_t count, int32_t size) {
    if (pitch == size) {
        size *= count;
        count = 1;
    }
    if (size <= 16) {
        const mve_pred16_t some = vctp8q((uint32_t)size);
        for (; count > 0; count--, to += pitch, from += size) {
            vstrbq_p_s8(to, vldrbq_z_s8(from, some), some);
        }
        return;
    }
    for (; count > 0; count--, to += pitch) {
        int8_t *end = to;
        for (int32_t left = size; left > 0; left -= 16, from += 16, end += 16) {
            const mve_pred16_t some = vctp8q((uint32_t)left);
            vstrbq_p_s8(end, vldrbq_z_s8(from, some), some);
        }
        from += (size - 1) % 16 - 15;
    }
}

void ep_spread_value_s8(int8_t *to, ptrdiff_t pitch, int32_t value, int32_t count, int32_t size) {
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    for (; count > 0; count--, to += pitch) {
        int8_t *end = to;
        for (int32_t left = size; left > 0; left -= 16, end += 16) {
            vstrbq_p_s8(end, values, vctp8q((uint32_t)left));
        }
    }
}

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
        const int32_t *stage = bias + 4 + (ptrdiff_t)t->rounds * blocks * 16;
        table = stage + 8;
        for (int32_t i = 0; i < 8; i++) {
            const int32_t lane = i % 4;
            const int8_t *x = pixels[i / 4];
            const int8_t *w = weights + (ptrdiff_t)16 * lane;
            int32_t sum = bias[lane];
            for (int32_t block = 0; block < t->rounds * blocks; block++, x += 16, w += 64) {
                for (int32_t k = 0; k < 16; k++) {
                    sum += w[k] == 0 ? 0 : x[k] * w[k];
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
EP_TILES(ep_tiles_s8_6, 6)
EP_TILES(ep_tiles_s8_9, 9)
EP_TILES(ep_tiles_s8_1_once, 1)
EP_TILES(ep_tiles_s8_2_once, 2)
EP_TILES(ep_tiles_s8_3_once, 3)
EP_TILES(ep_tiles_s8_4_once, 4)
EP_TILES(ep_tiles_s8_6_once, 6)
EP_TILES(ep_tiles_s8_9_once, 9)

void ep_spread_s8(int8_t *to, ptrdiff_t pitch, const int8_t *from, int32_t count, int32_t size) {
    for (; count > 0; count--, to += pitch, from += size) {
        memcpy(to, from, (size_t)size);
    }
}

void ep_spread_value_s8(int8_t *to, ptrdiff_t pitch, int32_t value, int32_t count, int32_t size) {
    for (; count > 0; count--, to += pitch) {
        memset(to, (int)value, (size_t)size);
    }
}

#endif
