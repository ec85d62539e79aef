/* The model between host and inference: what the host loaded, timed runs, what they gave.
 *
 * The model's memory plan lets later tensors overwrite an input.  So that inferences can be
 * repeated, either the inputs are kept apart and copied in before each, or the outputs of the
 * first inference after a load are kept, whichever takes less RAM; the others then repeat the
 * arithmetic on what is left in the input, which takes as long.  A model with state, or with
 * several inputs of which the host may change one, needs its inputs kept. */
#ifndef INFERENCE_H
#define INFERENCE_H

#include "ep_model.h"

#include <stdint.h>

#if EP_ABI_VERSION != 1
#error "ep_model.h follows another version of the generated API than this firmware: build again"
#endif

#define INFERENCE_KEEPS_INPUTS                                                                     \
    (EP_INPUT_COUNT > 1 || EP_STATE_BYTES > 0 || EP_INPUT_BYTES_TOTAL <= EP_OUTPUT_BYTES_TOTAL)

/* Where the host's bytes for one input go; the next inference is one on new input. */
uint8_t *inference_load(int index);

/* The bytes of one input; where inputs are not kept, valid until the next inference. */
const uint8_t *inference_input(int index);

/* Runs the model once on the loaded inputs; returns the cycles of ep_invoke. */
uint64_t inference_run(void);

/* The bytes of one output for the loaded inputs. */
const uint8_t *inference_output(int index);

#if defined(EP_PROFILE) && EP_PROFILE
/* Cycles per layer of the latest run. */
const uint64_t *inference_layer_cycles(void);
#endif

#endif
