#include "ep_clamp_s8.h"

#include "ep_dsp.h"
#include "ep_runtime.h"

#if defined(__ARM_FEATURE_DSP)

/* A byte in all four places. */
static uint32_t four(int32_t value) {
    return (uint32_t)value * 0x01010101u;
}

/* Bytes as unsigned numbers from 0: what lies above `high` saturates when `above` is added, what
 * lies below `low` when the sum of both is taken away. */
static int32_t clamp_words(int8_t *values, int32_t count, int32_t low, int32_t high) {
    const uint32_t above = four(127 - high), below = four(low + 128), both = above + below;
    const uint32_t sign = 0x80808080u;
    int32_t done = 0;
    for (; done + 4 <= count; done += 4) {
        uint32_t word = ep_load_word(values + done) ^ sign;
        __asm__("uqadd8 %0, %0, %1\n uqsub8 %0, %0, %2\n uqadd8 %0, %0, %3"
                : "+r"(word)
                : "r"(above), "r"(both), "r"(below));
        ep_store_word(values + done, word ^ sign);
    }
    return done;
}

#else

static int32_t clamp_words(int8_t *values, int32_t count, int32_t low, int32_t high) {
    (void)values;
    (void)count;
    (void)low;
    (void)high;
    return 0;
}

#endif

void ep_clamp_s8(int8_t *values, int32_t count, int32_t low, int32_t high) {
    if (low <= INT8_MIN && high >= INT8_MAX) {
        return;
    }
    for (int32_t i = clamp_words(values, count, low, high); i < count; i++) {
        values[i] = (int8_t)ep_clamp(values[i], low, high);
    }
}
