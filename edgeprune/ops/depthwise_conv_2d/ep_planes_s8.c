#include "ep_planes_s8.h"

#include "ep_dsp.h"

void ep_planes_clear(const ep_planes_layout *layout, int16_t *planes, int32_t rows) {
    const uint32_t zeros = (uint32_t)layout->zeros;
    for (int32_t words = rows * layout->pitch / EP_PLANES_WORD; words > 0; words--) {
        ep_store_word(planes, zeros);
        ep_store_word(planes + 2, zeros);
        ep_store_word(planes + 4, zeros);
        ep_store_word(planes + 6, zeros);
        planes += EP_PLANES_WORD / 2;
    }
}

void ep_planes_keep(const ep_planes_layout *layout, int16_t *to, const int16_t *from,
                    int32_t rows) {
    for (int32_t words = rows * layout->pitch / EP_PLANES_WORD; words > 0; words--) {
        const uint32_t a = ep_load_word(from);
        const uint32_t b = ep_load_word(from + 2);
        const uint32_t c = ep_load_word(from + 4);
        const uint32_t d = ep_load_word(from + 6);
        ep_store_word(to, a);
        ep_store_word(to + 2, b);
        ep_store_word(to + 4, c);
        ep_store_word(to + 6, d);
        from += EP_PLANES_WORD / 2;
        to += EP_PLANES_WORD / 2;
    }
}

/* One word of four channels. */
static inline void expand_four(const int8_t *a, const int8_t *b, int16_t *word) {
    const uint32_t a_word = ep_load_word(a), b_word = ep_load_word(b);
    const uint32_t first = ep_pack_low(a_word, b_word), second = ep_pack_high(a_word, b_word);
    ep_store_word(word, ep_sxtb16(first));
    ep_store_word(word + 2, ep_sxtb16_odd(first));
    ep_store_word(word + 4, ep_sxtb16(second));
    ep_store_word(word + 6, ep_sxtb16_odd(second));
}

/* One word of up to four channels. */
static void expand_pair(const int8_t *a, const int8_t *b, int32_t channels, int16_t *word) {
    if (channels == 4) {
        expand_four(a, b, word);
        return;
    }
    for (int32_t channel = 0; channel < channels; channel++) {
        ep_store_word(word,
                      ep_pack_low((uint32_t)(int32_t)a[channel], (uint32_t)(int32_t)b[channel]));
        word += EP_PLANES_CHANNEL / 2;
    }
}

/* Columns by the table. */
static void expand_scattered(const ep_planes_layout *layout, const int8_t *zeros,
                             const int8_t *source, int32_t channels, int16_t *word) {
    const int16_t *columns = layout->columns;
    const int32_t pixel = layout->pixel_bytes;
    for (int32_t words = layout->pitch / EP_PLANES_WORD; words > 0; words--) {
        const int8_t *a = columns[0] < 0 ? zeros : source + columns[0] * pixel;
        const int8_t *b = columns[1] < 0 ? zeros : source + columns[1] * pixel;
        if (channels == 4) {
            expand_four(a, b, word);
        } else {
            expand_pair(a, b, channels, word);
        }
        columns += 2;
        word += EP_PLANES_WORD / 2;
    }
}

/* Columns in order. */
static void expand_row(const ep_planes_layout *layout, const int8_t *zeros, const int8_t *source,
                       int32_t channels, int16_t *word) {
    const int32_t pixel = layout->pixel_bytes;
    if (layout->lead) {
        expand_pair(zeros, source, channels, word);
        source += pixel;
        word += EP_PLANES_WORD / 2;
    }
    for (int32_t pairs = 2 * layout->blocks + layout->pairs; pairs > 0; pairs--) {
        expand_pair(source, source + pixel, channels, word);
        source += 2 * pixel;
        word += EP_PLANES_WORD / 2;
    }
    if (layout->tail) {
        expand_pair(source, zeros, channels, word);
    }
}

/* Row by row: for what the assembly below does not do, and for other machines. */
static void expand_rows(const ep_planes_layout *layout, const int8_t *source, int32_t rows,
                        int32_t channels, int16_t *planes) {
    const int8_t zero = (int8_t)((uint32_t)layout->zeros & 0xffu);
    const int8_t zeros[4] = {zero, zero, zero, zero};
    for (; rows > 0; rows--) {
        if (layout->columns) {
            expand_scattered(layout, zeros, source, channels, planes);
        } else {
            expand_row(layout, zeros, source, channels, planes + layout->skip / 2);
        }
        source += layout->row_bytes;
        planes += layout->pitch / 2;
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

/* Set out on a column: r0 source, r1 planes, r11 rows. */
#define COLUMN "vmov r0, s0\n vmov r1, s1\n vmov r11, s2\n"
/* Pixels `a`, `b` (r4, r5 or r6, r7) -> words of channels 0, 1, 2, 3 in r10, r8, `a`, r9. */
#define INTERLEAVE(a, b)                                                                           \
    "pkhbt r8, " a ", " b ", lsl #16\n pkhtb r9, " b ", " a ", asr #16\n"                          \
    "sxtb16 r10, r8\n sxtb16 r8, r8, ror #8\n sxtb16 " a ", r9\n sxtb16 r9, r9, ror #8\n"
#define STORE(a, at)                                                                               \
    "str.w r10, [r1, #" #at "]\n str.w r8, [r1, #" #at "+4]\n"                                     \
    "str.w " a ", [r1, #" #at "+8]\n str.w r9, [r1, #" #at "+12]\n"
/* Go on by `pixels` (a shifted r2) and `bytes` of a row of planes. */
#define NEXT_COLUMN(pixels, bytes)                                                                 \
    "vmov r0, s0\n vmov r1, s1\n add.w r0, r0, " pixels "\n add.w r1, r1, #" #bytes "\n"           \
    "vmov s0, r0\n vmov s1, r1\n"
#define NEXT_ROW "add.w r1, r1, lr\n subs.w r11, r11, #1\n bne.w 1b\n"

static void expand_words(const ep_planes_layout *layout, const int8_t *source, int32_t rows,
                         int16_t *planes) {
    register const ep_planes_layout *r0 __asm__("r0") = layout;
    register const int8_t *r1 __asm__("r1") = source;
    register int16_t *r2 __asm__("r2") = planes;
    register int32_t r3 __asm__("r3") = rows;
    /* clang-format off */
    __asm__ volatile(
        "push.w {r4-r11, lr}\n"
        "vmov s0, r1\n vmov s1, r2\n vmov s2, r3\n"
        "ldm.w r0, {r4-r11}\n"
        "vmov s3, r8\n vmov s4, r9\n vmov s5, r10\n vmov s6, r11\n"
        "mov.w r2, r4\n add.w r3, r4, r4, lsl #1\n mov.w r12, r5\n mov.w lr, r6\n"
        /* A column of padding and the first of the input. */
        "cmp.w r7, #0\n beq.w 2f\n"
        COLUMN "vmov r10, s6\n"
        ".balign 4\n"
        "1:\n"
        "ldr.w r4, [r0]\n add.w r0, r0, r12\n"
        "sxtb16 r5, r4\n sxtb16 r4, r4, ror #8\n"
        "pkhbt r6, r10, r5, lsl #16\n pkhbt r7, r10, r4, lsl #16\n"
        "pkhbt r8, r10, r5\n pkhbt r9, r10, r4\n"
        "str.w r6, [r1]\n str.w r7, [r1, #4]\n str.w r8, [r1, #8]\n str.w r9, [r1, #12]\n"
        NEXT_ROW NEXT_COLUMN("r2", 16)
        /* Four columns, so often. */
        "2:\n"
        "vmov r10, s3\n cmp.w r10, #0\n beq.w 4f\n"
        "3:\n"
        COLUMN
        ".balign 4\n"
        "1:\n"
        "ldr.w r4, [r0]\n ldr.w r5, [r0, r2]\n"
        "ldr.w r6, [r0, r2, lsl #1]\n ldr.w r7, [r0, r3]\n"
        "add.w r0, r0, r12\n"
        INTERLEAVE("r4", "r5") STORE("r4", 0)
        INTERLEAVE("r6", "r7") STORE("r6", 16)
        NEXT_ROW NEXT_COLUMN("r2, lsl #2", 32)
        "vmov r10, s3\n subs.w r10, r10, #1\n vmov s3, r10\n bne.w 3b\n"
        /* Two columns. */
        "4:\n"
        "vmov r10, s4\n cmp.w r10, #0\n beq.w 5f\n"
        COLUMN
        ".balign 4\n"
        "1:\n"
        "ldr.w r4, [r0]\n ldr.w r5, [r0, r2]\n add.w r0, r0, r12\n"
        INTERLEAVE("r4", "r5") STORE("r4", 0)
        NEXT_ROW NEXT_COLUMN("r2, lsl #1", 16)
        /* The last column of the input and one of padding. */
        "5:\n"
        "vmov r10, s5\n cmp.w r10, #0\n beq.w 6f\n"
        COLUMN "vmov r10, s6\n"
        ".balign 4\n"
        "1:\n"
        "ldr.w r4, [r0]\n add.w r0, r0, r12\n"
        "sxtb16 r5, r4\n sxtb16 r4, r4, ror #8\n"
        "pkhbt r6, r5, r10\n pkhbt r7, r4, r10\n"
        "pkhtb r8, r10, r5, asr #16\n pkhtb r9, r10, r4, asr #16\n"
        "str.w r6, [r1]\n str.w r7, [r1, #4]\n str.w r8, [r1, #8]\n str.w r9, [r1, #12]\n"
        NEXT_ROW
        "6:\n"
        "pop.w {r4-r11, lr}\n"
        : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
        :
        : "r12", "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6");
    /* clang-format on */
}

#else

static void expand_words(const ep_planes_layout *layout, const int8_t *source, int32_t rows,
                         int16_t *planes) {
    expand_rows(layout, source, rows, 4, planes - layout->skip / 2);
}

#endif

void ep_planes_expand_s8(const ep_planes_layout *layout, const int8_t *source, int32_t rows,
                         int32_t channels, int16_t *planes) {
    if (layout->columns || channels < 4) {
        expand_rows(layout, source, rows, channels, planes);
    } else {
        expand_words(layout, source, rows, planes + layout->skip / 2);
    }
}
