#include "ep_mul_s8_dsp.h"
#include "ep_dsp.h"
#include "ep_requantize.h"

enum { BLOCK = 32 };

static int8_t multiply(const ep_product_s8 *p, int32_t x, int32_t y) {
    const int32_t product =
        (x + (int16_t)(p->first & 0xffffu)) * (y + (int16_t)(p->second & 0xffffu));
    const int32_t scaled = ep_smmlar(product, p->factor, product);
    const int32_t value = ep_saturate_s8(ep_smmlar(scaled, p->scale, p->zero_point));
    return (int8_t)ep_clamp(value, (int8_t)(p->low & 0xffu), (int8_t)(p->high & 0xffu));
}

#if defined(__ARM_FEATURE_DSP)

/* One word of outputs in lr from a word of each input; r9 to r12 are lost. */
#define PRODUCT_WORD                                                                               \
    "ldr r9, [r1], #4\n"                                                                           \
    "ldr r10, [r2], #4\n"                                                                          \
    "sxtab16 r11, r4, r9\n"                                                                        \
    "sxtab16 r9, r4, r9, ror #8\n"                                                                 \
    "sxtab16 r12, r5, r10\n"                                                                       \
    "sxtab16 r10, r5, r10, ror #8\n"                                                               \
    "smulbb lr, r11, r12\n"                                                                        \
    "smultt r11, r11, r12\n"                                                                       \
    "smulbb r12, r9, r10\n"                                                                        \
    "smultt r9, r9, r10\n"                                                                         \
    "smmlar lr, lr, r6, lr\n"                                                                      \
    "smmlar r12, r12, r6, r12\n"                                                                   \
    "smmlar r11, r11, r6, r11\n"                                                                   \
    "smmlar r9, r9, r6, r9\n"                                                                      \
    "smmlar lr, lr, r7, r8\n"                                                                      \
    "smmlar r12, r12, r7, r8\n"                                                                    \
    "smmlar r11, r11, r7, r8\n"                                                                    \
    "smmlar r9, r9, r7, r8\n"                                                                      \
    "ssat lr, #8, lr\n"                                                                            \
    "ssat r12, #8, r12\n"                                                                          \
    "ssat r11, #8, r11\n"                                                                          \
    "ssat r9, #8, r9\n"                                                                            \
    "bfi lr, r12, #8, #8\n"                                                                        \
    "bfi lr, r11, #16, #8\n"                                                                       \
    "bfi lr, r9, #24, #8\n"

/* The clamping range lies on the stack. */
#define CLAMP_WORD                                                                                 \
    "ldrd r9, r10, [sp]\n"                                                                         \
    "ssub8 r11, lr, r9\n"                                                                          \
    "sel lr, lr, r9\n"                                                                             \
    "ssub8 r11, r10, lr\n"                                                                         \
    "sel lr, lr, r10\n"

#define STORE_WORD "str lr, [r3], #4\n"

/* Whole words up to `end`, which is the first row's; two words per round, the first round begins
 * in the middle where their number is odd.  There is at least one. */
static EP_NAKED void product_words(const ep_product_s8 *p EP_UNUSED, const int8_t *first EP_UNUSED,
                                   const int8_t *second EP_UNUSED, int8_t *output EP_UNUSED,
                                   const int8_t *end EP_UNUSED) {
    __asm__("push {r4-r11, lr}\n"
            "ldr lr, [sp, #36]\n" /* end */
            "ldm r0, {r4-r8}\n"   /* zero points, factor, scale, zero point */
            "ldrd r9, r10, [r0, #20]\n"
            "push {r9, r10}\n"
            "sub r11, lr, r1\n"
            "mov r0, lr\n"
            "cmp r9, #0x80808080\n"
            "it eq\n"
            "cmpeq r10, #0x7f7f7f7f\n"
            "beq 3f\n"
            "tst r11, #4\n"
            "bne 2f\n"
            ".balign 4\n"
            "1:\n" PRODUCT_WORD CLAMP_WORD STORE_WORD "2:\n" PRODUCT_WORD CLAMP_WORD STORE_WORD
            "cmp r1, r0\n"
            "bne 1b\n"
            "b 6f\n"
            "3:\n"
            "tst r11, #4\n"
            "bne 5f\n"
            ".balign 4\n"
            "4:\n" PRODUCT_WORD STORE_WORD "5:\n" PRODUCT_WORD STORE_WORD "cmp r1, r0\n"
            "bne 4b\n"
            "6:\n"
            "add sp, sp, #8\n"
            "pop {r4-r11, pc}\n");
}

#else

static void product_words(const ep_product_s8 *p, const int8_t *first, const int8_t *second,
                          int8_t *output, const int8_t *end) {
    while (first != end) {
        *output++ = multiply(p, *first++, *second++);
    }
}

#endif

static void product_row(const ep_product_s8 *p, const int8_t *first, const int8_t *second,
                        int8_t *output, int32_t count) {
    const int32_t words = count & ~3;
    if (words > 0) {
        product_words(p, first, second, output, first + words);
    }
    for (int32_t i = words; i < count; i++) {
        output[i] = multiply(p, first[i], second[i]);
    }
}

/* A row times one value, which is repeated for a block. */
static void scaled_row(const ep_product_s8 *p, const int8_t *row, int8_t value, int8_t *output,
                       int32_t count) {
    uint32_t repeated[BLOCK / 4];
    for (int32_t i = 0; i < BLOCK / 4; i++) {
        repeated[i] = (uint32_t)(uint8_t)value * 0x01010101u;
    }
    for (int32_t i = 0; i < count; i += BLOCK) {
        const int32_t rest = count - i;
        product_row(p, row + i, (const int8_t *)repeated, output + i, rest < BLOCK ? rest : BLOCK);
    }
}

void ep_mul_s8_dsp(const ep_mul_s8_dsp_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    const int32_t count = b->extent[3];
    ep_product_s8 swapped = p->product;
    ep_row row = ep_first_row();
    (void)scratch;
    swapped.first = p->product.second;
    swapped.second = p->product.first;
    do {
        const int8_t *x = first + row.first;
        const int8_t *y = second + row.second;
        int8_t *out = output + row.output;
        if (b->first_step[3] == b->second_step[3]) {
            product_row(&p->product, x, y, out, count);
        } else if (b->first_step[3] != 0) {
            scaled_row(&p->product, x, *y, out, count);
        } else {
            scaled_row(&swapped, y, *x, out, count);
        }
    } while (ep_next_row(b, &row) != 0);
}
