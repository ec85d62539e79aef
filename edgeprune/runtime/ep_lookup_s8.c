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

void ep_lookup_s8(const ep_lookup_s8_params *p, const int8_t *input, int8_t *output,
                  void *scratch) {
    const uint8_t *table = (const uint8_t *)p->table;
    const int32_t words = p->count & ~3;
    (void)scratch;
    for (int32_t i = 0; i < words; i += 4) {
        ep_store_word(output + i, look_up_word(table, ep_load_word(input + i)));
    }
    for (int32_t i = words; i < p->count; i++) {
        output[i] = (int8_t)table[(uint8_t)input[i]];
    }
}
