/* The model between host and inference: staged inputs, timed runs. */
#ifndef INFERENCE_H
#define INFERENCE_H

#include "ep_model.h"

#include <stdint.h>

#if EP_ABI_VERSION != 1
#error "ep_model.h follows another version of the generated API than this firmware: build again"
#endif

/* The host's bytes for one input; they survive inferences, unlike ep_input(). */
uint8_t *inference_input(int index);

/* Copies the staged inputs and runs the model once; returns the cycles of ep_invoke. */
uint64_t inference_run(void);

#if defined(EP_PROFILE) && EP_PROFILE
/* Cycles per layer of the latest run. */
const uint64_t *inference_layer_cycles(void);
#endif

#endif
