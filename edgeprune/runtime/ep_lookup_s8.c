#include "ep_lookup_s8.h"
#include "ep_dsp.h"

/* Four values at a time: on a Cortex-M4 one load and one store then stand against four
 * accesses to the table, which follow each other and so take a cycle each. */
static uint32_t look_up_word(const uint8_t *table, uint32_t word) {
    const uint32_t a = table[word & 0xffu];
    const uint32_t b = table[(word >> 8) & 0xffu];
    const uint32_t c = table[(word >> 16) & 0xffu];
    const uint32_t d = table[word >> 24];
    return a | (b << 8) | (c << 16) | (d << 24);
}

void ep_lookup_s8(const ep_lookup_s8_params *p, const void *input, void *output, void *scratch) {
    const uint8_t *from = input;
    uint8_t *to = output;
    const int32_t words = p->count & ~3;
    (void)scratch;
    for (int32_t i = 0; i < words; i += 4) {
        ep_store_word(to + i, look_up_word(p->table, ep_load_word(from + i)));
    }
    for (int32_t i = words; i < p->count; i++) {
        to[i] = p->table[from[i]];
    }
}
