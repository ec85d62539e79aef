#include "inference.h"

#include "platform.h"

#include <string.h>

/* The model's memory plan lets later tensors overwrite an input, so what the host sent is
 * kept apart and copied before every inference, outside the timed window. */
static uint8_t staged[EP_INPUT_BYTES_TOTAL] __attribute__((aligned(4)));

uint8_t *inference_input(int index) {
    uint32_t offset = 0;
    for (int i = 0; i < index; i++) {
        offset += ep_input_info(i)->bytes;
    }
    return staged + offset;
}

/* Reading the counter takes this long; a window holds one reading that is not the model's. */
static uint64_t reading_cycles(void) {
    uint64_t start = platform_cycles();
    return platform_cycles() - start;
}

#if defined(EP_PROFILE) && EP_PROFILE
static uint64_t layer_cycles[EP_LAYER_COUNT];
static uint64_t layer_start, reading;

void ep_profile_layer(int index) {
    uint64_t cycles = platform_cycles() - layer_start;
    layer_cycles[index] = cycles > reading ? cycles - reading : 0;
    layer_start = platform_cycles(); /* read again: this function is no part of a layer */
}

const uint64_t *inference_layer_cycles(void) {
    return layer_cycles;
}
#endif

uint64_t inference_run(void) {
    platform_alive();
    for (int i = 0; i < EP_INPUT_COUNT; i++) {
        memcpy(ep_input(i), inference_input(i), ep_input_info(i)->bytes);
    }
    uint64_t overhead = reading_cycles();
#if defined(EP_PROFILE) && EP_PROFILE
    reading = overhead;
    layer_start = platform_cycles();
#endif
    uint64_t start = platform_cycles();
    ep_invoke();
    return platform_cycles() - start - overhead;
}
