#include "ep_model.h"

#if defined(TINY_ASSERT)
#include "platform_assert.h"
#endif

#include <string.h>

enum { A_BYTES = 83, B_BYTES = 41 };

const char ep_model_name[] = "tiny";
const char ep_model_sha256[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static const ep_tensor_info inputs[EP_INPUT_COUNT] = {
    {"a", "int8", A_BYTES, 0.25f, 3},
    {"b", "int8", B_BYTES, 0.25f, 0},
};
static const ep_tensor_info outputs[EP_OUTPUT_COUNT] = {
    {"sum", "int8", B_BYTES, 0.125f, -5},
    {"scaled", "float32", 4, 0.0f, 0},
};

static struct {
    int8_t a[A_BYTES + 1];
    int8_t b[B_BYTES + 3];
    int8_t sum[B_BYTES + 3];
    float scaled;
} arena;

static volatile uint32_t work = 1; /* volatile, in .data: start-up must have copied it */

#if defined(EP_PROFILE) && EP_PROFILE
const char *const ep_layer_name[EP_LAYER_COUNT] = {"add", "scale"};
#endif

static void add(void) {
    for (int i = 0; i < B_BYTES; i++) {
        int sum = arena.a[i] + arena.b[i];
        arena.sum[i] = (int8_t)(sum < -128 ? -128 : sum > 127 ? 127 : sum);
    }
}

__attribute__((noinline)) static void scale(void) {
    for (int i = 0; i < 1000; i++) {
        work = work * 3u + 1u;
    }
    arena.scaled = 0.5f * (float)arena.a[0];
    memset(arena.a, 0, sizeof arena.a); /* as a shared arena would: the input is gone */
}

/* What a test may ask for with -D: a deeper stack, an inference that faults or never ends. */
__attribute__((noinline)) static void misbehave(void) {
#if defined(TINY_STACK_BYTES)
    volatile uint8_t deep[TINY_STACK_BYTES];
    for (uint32_t i = 0; i < sizeof deep; i++) {
        deep[i] = (uint8_t)i;
    }
#endif
#if defined(TINY_FAULT_ADDRESS)
    work += *(volatile uint32_t *)TINY_FAULT_ADDRESS;
#endif
#if defined(TINY_UNDEFINED)
    __asm volatile("udf #0");
#endif
#if defined(TINY_DIVISOR)
    volatile uint32_t divisor = TINY_DIVISOR;
    work = work / divisor;
#endif
#if defined(TINY_ASSERT)
    platform_assert(work == 0);
#endif
#if defined(TINY_HANG)
    while (work != 0) {
    }
#endif
}

void ep_reset_states(void) {
}

void ep_invoke(void) {
    misbehave();
    add();
#if defined(EP_PROFILE) && EP_PROFILE
    ep_profile_layer(0);
#endif
    scale();
#if defined(EP_PROFILE) && EP_PROFILE
    ep_profile_layer(1);
#endif
}

void *ep_input(int index) {
    return index == 0 ? (void *)arena.a : (void *)arena.b;
}

void *ep_output(int index) {
    return index == 0 ? (void *)arena.sum : (void *)&arena.scaled;
}

const ep_tensor_info *ep_input_info(int index) {
    return &inputs[index];
}

const ep_tensor_info *ep_output_info(int index) {
    return &outputs[index];
}
