#include "ep_add_table_s8.h"
#include "ep_dsp.h"

static int8_t add_values(const ep_add_table *a, int32_t shifted, int32_t other) {
    const int32_t sum = shifted * 256 * a->shifted + a->table[(uint8_t)other];
    const int32_t value = ep_requantize_fast(sum, a->factor, a->scale, a->zero_point);
    return (int8_t)ep_clamp(value, (int8_t)(a->low & 0xffu), (int8_t)(a->high & 0xffu));
}

#if defined(__ARM_FEATURE_DSP)

/* clang-format off */

#define FINISH(sum)                                       \
    "smmlar " sum ", " sum ", r6, " sum "\n"            \
    "add " sum ", " sum ", " sum ", asr #31\n"          \
    "smmlar " sum ", " sum ", r8, r9\n"                 \
    "ssat " sum ", #8, " sum "\n"

/* Whole words up to `end` of the shifted row: 12.5 cycles a value.  A byte in the upper half of
 * a halfword is the value times 256. */
static EP_NAKED void add_words(const ep_add_table *a EP_UNUSED, const int8_t *shifted EP_UNUSED,
                               const int8_t *other EP_UNUSED, int8_t *output EP_UNUSED,
                               const int8_t *end EP_UNUSED) {
    __asm__(
        "push {r4-r11, lr}\n"
        "ldr r7, [sp, #36]\n"
        "ldrd r4, r5, [r0]\n"       /* table, shifted */
        "ldrd r6, r8, [r0, #8]\n"   /* factor, scale */
        "ldr r9, [r0, #16]\n"       /* zero point */
        "ldrd r10, r11, [r0, #20]\n" /* bounds */
        "push {r10, r11}\n"
        ".balign 4\n"
        "1:\n"
        "ldr r11, [r1], #4\n"
        "ldr r12, [r2], #4\n"
        "uxtb r0, r12\n"
        "uxtb r10, r12, ror #16\n"
        "lsl lr, r11, #8\n"
        "ldr r0, [r4, r0, lsl #2]\n"
        "ldr r10, [r4, r10, lsl #2]\n"
        "and lr, lr, #0xff00ff00\n"
        "smlabb r0, lr, r5, r0\n"
        "smlatb r10, lr, r5, r10\n"
        FINISH("r0")
        FINISH("r10")
        "bfi r0, r10, #16, #8\n"
        "uxtb r10, r12, ror #8\n"
        "uxtb r12, r12, ror #24\n"
        "and r11, r11, #0xff00ff00\n"
        "ldr r10, [r4, r10, lsl #2]\n"
        "ldr r12, [r4, r12, lsl #2]\n"
        "smlabb r10, r11, r5, r10\n"
        "smlatb r12, r11, r5, r12\n"
        FINISH("r10")
        FINISH("r12")
        "bfi r0, r10, #8, #8\n"
        "bfi r0, r12, #24, #8\n"
        "ldrd r10, r11, [sp]\n"
        "ssub8 r12, r0, r10\n"
        "sel r0, r0, r10\n"
        "ssub8 r12, r11, r0\n"
        "sel r0, r0, r11\n"
        "str r0, [r3], #4\n"
        "cmp r1, r7\n"
        "bne 1b\n"
        "add sp, sp, #8\n"
        "pop {r4-r11, pc}\n");
}

/* clang-format on */

#else

static void add_words(const ep_add_table *a, const int8_t *shifted, const int8_t *other,
                      int8_t *output, const int8_t *end) {
    while (shifted != end) {
        *output++ = add_values(a, *shifted++, *other++);
    }
}

#endif

static void add_row(const ep_add_table_s8_params *p, const int8_t *shifted, const int8_t *other,
                    int8_t *output) {
    const ep_broadcast *b = &p->broadcast;
    const int32_t count = b->extent[3];
    const int32_t both = b->first_step[3] & b->second_step[3];
    const int32_t whole = both != 0 ? count & ~3 : 0;
    if (whole > 0) {
        add_words(&p->sum, shifted, other, output, shifted + whole);
    }
    for (int32_t i = whole; i < count; i++) {
        output[i] =
            add_values(&p->sum, shifted[i * b->first_step[3]], other[i * b->second_step[3]]);
    }
}

void ep_add_table_s8(const ep_add_table_s8_params *p, const int8_t *first, const int8_t *second,
                     int8_t *output, void *scratch) {
    const ep_broadcast *b = &p->broadcast;
    const int32_t *f = b->first_step;
    const int32_t *s = b->second_step;
    const int8_t *shifted = p->second_is_shifted ? second : first;
    const int8_t *other = p->second_is_shifted ? first : second;
    (void)scratch;
    for (int32_t i = 0; i < b->extent[0]; i++) {
        for (int32_t k = 0; k < b->extent[1]; k++) {
            for (int32_t m = 0; m < b->extent[2]; m++) {
                add_row(p, shifted + i * f[0] + k * f[1] + m * f[2],
                        other + i * s[0] + k * s[1] + m * s[2], output);
                output += b->extent[3];
            }
        }
    }
}
