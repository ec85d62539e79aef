#include "ep_depthwise_conv_2d_s8_triples.h"

#include <string.h>

static void find_taps(const ep_depthwise_conv_2d_s8_triples_params *p, const int8_t *image,
                      const ep_place *at, const int8_t *border, ep_depthwise_tap *tap) {
    const ep_window *w = &p->window;
    const int8_t *weights = p->weights;
    for (int32_t fy = 0; fy < w->filter_h; fy++) {
        for (int32_t fx = 0; fx < w->filter_w; fx++) {
            for (int32_t i = 0; i < 3; i++) {
                const int32_t y = at[i].top + fy * w->dilation_h;
                const int32_t x = at[i].left + fx * w->dilation_w;
                const int inside = y >= 0 && y < w->in_h && x >= 0 && x < w->in_w;
                tap->pixels[i] = inside ? image + (ptrdiff_t)(y * w->in_w + x) * w->in_c : border;
            }
            tap->weights = weights;
            weights += w->out_c;
            tap++;
        }
    }
}

#if defined(__thumb__)

/* r0 walks over the taps, up to r4; r6 is the input channel, r7 the output channel. */
#define EP_DEPTHWISE_STEP                                                                          \
    "ldmia r0!, {r1, r2, r3, r5}\n"                                                                \
    "ldrsb r5, [r5, r7]\n"                                                                         \
    "ldrsb r1, [r1, r6]\n"                                                                         \
    "muls r1, r5, r1\n"                                                                            \
    "add r9, r1\n"                                                                                 \
    "ldrsb r2, [r2, r6]\n"                                                                         \
    "muls r2, r5, r2\n"                                                                            \
    "add r10, r2\n"                                                                                \
    "ldrsb r3, [r3, r6]\n"                                                                         \
    "muls r3, r5, r3\n"                                                                            \
    "add r11, r3\n"

/* Thumb-1 only, so that every core runs it.  Frame on the stack:
 *   0 taps, 4 their end, 8 where threes of taps begin, 12 stage, 16 channels, 20 three outputs,
 *   32 three sums, 44 multiplier, 48 what is left of it, 52 input channel */
__asm__(".syntax unified\n" EP_SCALAR_MACROS ".thumb\n"
        ".section .text.ep_depthwise_triple_s8,\"ax\",%progbits\n"
        ".balign 8\n"
        ".global ep_depthwise_triple_s8\n"
        ".type ep_depthwise_triple_s8,%function\n"
        ".thumb_func\n"
        "ep_depthwise_triple_s8:\n"
        "push {r4, r5, r6, r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r4, r5, r6, r7}\n"
        "sub sp, #60\n"
        "ldmia r2!, {r3, r4, r5}\n"
        "str r3, [sp, #20]\n"
        "str r4, [sp, #24]\n"
        "str r5, [sp, #28]\n"
        "str r1, [sp, #0]\n"
        "ldmia r0!, {r2, r3, r4, r5, r6, r7}\n"
        "str r2, [sp, #12]\n"
        "str r3, [sp, #16]\n"
        "mov r12, r4\n"
        "mov lr, r5\n"
        "lsls r6, r6, #4\n"
        "adds r6, r6, r1\n"
        "str r6, [sp, #4]\n"
        "lsls r7, r7, #4\n"
        "adds r7, r7, r1\n"
        "str r7, [sp, #8]\n"
        "ldr r0, [r0, #0]\n"
        "str r0, [sp, #44]\n"
        "str r0, [sp, #48]\n"
        "movs r6, #0\n"
        "movs r7, #0\n"
        "str r6, [sp, #52]\n"
        "movs r2, #1\n"
        "lsls r3, r2, #27\n"
        "lsls r2, r2, #15\n"
        "adds r2, r2, r3\n"
        "mov r8, r2\n"

        "20:\n" /* a channel */
        "ldr r0, [sp, #0]\n"
        "movs r1, #0\n"
        "mov r9, r1\n"
        "mov r10, r1\n"
        "mov r11, r1\n"
        "ldr r4, [sp, #8]\n"
        "cmp r0, r4\n"
        "beq 22f\n"

        "21:\n" EP_DEPTHWISE_STEP "cmp r0, r4\n"
        "bne 21b\n"

        "22:\n"
        "ldr r4, [sp, #4]\n"
        "cmp r0, r4\n"
        "beq 24f\n"

        ".balign 8\n"
        "23:\n" EP_DEPTHWISE_STEP EP_DEPTHWISE_STEP EP_DEPTHWISE_STEP "cmp r0, r4\n"
        "bne 23b\n"

        "24:\n"
        "mov r1, r9\n"
        "mov r2, r10\n"
        "mov r3, r11\n"
        "add r0, sp, #32\n"
        "stmia r0!, {r1, r2, r3}\n"
        "ldr r0, [sp, #48]\n"
        "subs r0, #1\n"
        "bne 25f\n"
        "adds r6, #1\n"
        "str r6, [sp, #52]\n"
        "ldr r0, [sp, #44]\n"
        "25:\n"
        "str r0, [sp, #48]\n"
        /* the sums become outputs */
        "ep_scalar_channel\n"
        "ep_scalar_store 32, 20\n"
        "ep_scalar_store 36, 24\n"

        "ep_scalar_store 40, 28\n"
        "ldr r6, [sp, #52]\n"
        "adds r7, #1\n"
        "ldr r0, [sp, #16]\n"
        "cmp r7, r0\n"
        "beq 26f\n"
        "b 20b\n"

        "26:\n"
        "add sp, #60\n"
        "pop {r4, r5, r6, r7}\n"
        "mov r8, r4\n"
        "mov r9, r5\n"
        "mov r10, r6\n"
        "mov r11, r7\n"
        "pop {r4, r5, r6, r7, pc}\n"
        ".size ep_depthwise_triple_s8, .-ep_depthwise_triple_s8\n"
        ".text\n");

#else

void ep_depthwise_triple_s8(const ep_depthwise_conv_2d_s8_triples_params *p,
                            const ep_depthwise_tap *taps, int8_t *const *outputs) {
    for (int32_t channel = 0; channel < p->stage.channels; channel++) {
        for (int32_t i = 0; i < 3; i++) {
            int32_t sum = 0;
            for (int32_t k = 0; k < p->taps; k++) {
                sum += taps[k].pixels[i][channel / p->multiplier] * taps[k].weights[channel];
            }
            outputs[i][channel] = ep_scalar_finish(&p->stage, channel, (uint32_t)sum);
        }
    }
}

#endif

void ep_depthwise_conv_2d_s8_triples(const ep_depthwise_conv_2d_s8_triples_params *p,
                                     const int8_t *input, int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    ep_depthwise_tap *taps = scratch;
    int8_t *border = (int8_t *)(taps + p->taps);
    memset(border, (int)p->input_zero_point, (size_t)w->in_c);
    for (int32_t b = 0; b < w->batches; b++) {
        ep_place next = ep_first_place(w);
        int32_t left = w->out_h * w->out_w;
        while (left > 0) {
            ep_place at[3];
            int8_t *outputs[3];
            for (int32_t i = 0; i < 3; i++) {
                at[i] = next;
                outputs[i] = output;
                if (left > 1) {
                    ep_next_place(w, &next);
                    output += w->out_c;
                }
                left--;
            }
            find_taps(p, input, at, border, taps);
            ep_depthwise_triple_s8(p, taps, outputs);
        }
        output += w->out_c;
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
    }
}
