#include "ep_lookup_s8.h"
#include "ep_dsp.h"

#if defined(__ARM_FEATURE_DSP)

/* Outputs of the word `in` in `out`; r8, r9 and `in` are lost.  The four accesses to the table
 * follow each other, so that each takes one cycle. */
#define LOOK_UP_WORD(in, out)                                                                      \
    "uxtb " out ", " in "\n"                                                                       \
    "ubfx r8, " in ", #8, #8\n"                                                                    \
    "ubfx r9, " in ", #16, #8\n"                                                                   \
    "lsr " in ", " in ", #24\n"                                                                    \
    "ldrb " out ", [r0, " out "]\n"                                                                \
    "ldrb r8, [r0, r8]\n"                                                                          \
    "ldrb r9, [r0, r9]\n"                                                                          \
    "ldrb " in ", [r0, " in "]\n"                                                                  \
    "orr " out ", " out ", r8, lsl #8\n"                                                           \
    "orr " out ", " out ", r9, lsl #16\n"                                                          \
    "orr " out ", " out ", " in ", lsl #24\n"

/* Eight values per round, up to `end` of the input; there is at least one round. */
static EP_NAKED void look_up_words(const uint8_t *table EP_UNUSED, const uint8_t *input EP_UNUSED,
                                   uint8_t *output EP_UNUSED, const uint8_t *end EP_UNUSED) {
    __asm__("push {r4-r9}\n"
            ".balign 4\n"
            "1:\n"
            "ldrd r4, r5, [r1], #8\n" LOOK_UP_WORD("r4", "r6")
                LOOK_UP_WORD("r5", "r7") "strd r6, r7, [r2], #8\n"
                                         "cmp r1, r3\n"
                                         "bne 1b\n"
                                         "pop {r4-r9}\n"
                                         "bx lr\n");
}

#else

static uint32_t look_up_word(const uint8_t *table, uint32_t word) {
    const uint32_t a = table[word & 0xffu];
    const uint32_t b = table[(word >> 8) & 0xffu];
    const uint32_t c = table[(word >> 16) & 0xffu];
    const uint32_t d = table[word >> 24];
    return a | (b << 8) | (c << 16) | (d << 24);
}

static void look_up_words(const uint8_t *table, const uint8_t *input, uint8_t *output,
                          const uint8_t *end) {
    for (; input != end; input += 4) {
        ep_store_word(output, look_up_word(table, ep_load_word(input)));
        output += 4;
    }
}

#endif

void ep_lookup_s8(const ep_lookup_s8_params *p, const void *input, void *output, void *scratch) {
    const uint8_t *from = input;
    uint8_t *to = output;
    const int32_t words = p->count & ~7;
    (void)scratch;
    if (words > 0) {
        look_up_words(p->table, from, to, from + words);
    }
    for (int32_t i = words; i < p->count; i++) {
        to[i] = p->table[from[i]];
    }
}
