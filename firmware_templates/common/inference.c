#include "inference.h"

#include "platform.h"

#include <string.h>

#if INFERENCE_KEEPS_INPUTS

static uint8_t kept[EP_INPUT_BYTES_TOTAL] __attribute__((aligned(4)));

static uint8_t *kept_input(int index) {
    uint32_t offset = 0;
    for (int i = 0; i < index; i++) {
        offset += ep_input_info(i)->bytes;
    }
    return kept + offset;
}

uint8_t *inference_load(int index) {
    return kept_input(index);
}

const uint8_t *inference_input(int index) {
    return kept_input(index);
}

const uint8_t *inference_output(int index) {
    return ep_output(index);
}

static void before_inference(void) {
    for (int i = 0; i < EP_INPUT_COUNT; i++) {
        memcpy(ep_input(i), kept_input(i), ep_input_info(i)->bytes);
    }
}

static void after_inference(void) {
}

#else

static uint8_t kept[EP_OUTPUT_BYTES_TOTAL] __attribute__((aligned(4)));
static int loaded = 1; /* the zeros that memory starts with are an input too */

static uint8_t *kept_output(int index) {
    uint32_t offset = 0;
    for (int i = 0; i < index; i++) {
        offset += ep_output_info(i)->bytes;
    }
    return kept + offset;
}

uint8_t *inference_load(int index) {
    loaded = 1;
    return ep_input(index);
}

const uint8_t *inference_input(int index) {
    return ep_input(index);
}

const uint8_t *inference_output(int index) {
    return kept_output(index);
}

static void before_inference(void) {
}

static void after_inference(void) {
    for (int i = 0; loaded && i < EP_OUTPUT_COUNT; i++) {
        memcpy(kept_output(i), ep_output(i), ep_output_info(i)->bytes);
    }
    loaded = 0;
}

#endif

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
    before_inference();
    uint64_t overhead = reading_cycles();
#if defined(EP_PROFILE) && EP_PROFILE
    reading = overhead;
    layer_start = platform_cycles();
#endif
    uint64_t start = platform_cycles();
    ep_invoke();
    uint64_t cycles = platform_cycles() - start - overhead;
    after_inference();
    return cycles;
}
