/* A model small enough to compute by hand, behind the generated API:
 * sum[i] = a[i] + b[i] (clamped), scaled[i] = 0.5 * a[i].  Layer 1 burns a known amount of
 * work so that cycle counts are worth comparing. */
#ifndef EP_MODEL_H
#define EP_MODEL_H

#include <stdint.h>

#define EP_ABI_VERSION 1
#define EP_INPUT_COUNT 2
#define EP_OUTPUT_COUNT 2
#define EP_LAYER_COUNT 2
#define EP_ARENA_BYTES 252
#define EP_INPUT_BYTES_TOTAL 124
#define EP_OUTPUT_BYTES_TOTAL 45
#define EP_STATE_BYTES 0

typedef struct {
    const char *name;
    const char *dtype;
    uint32_t bytes;
    float scale;
    int32_t zero_point;
} ep_tensor_info;

extern const char ep_model_name[];
extern const char ep_model_sha256[];
void ep_invoke(void);
void ep_reset_states(void);
void *ep_input(int index);
void *ep_output(int index);
const ep_tensor_info *ep_input_info(int index);
const ep_tensor_info *ep_output_info(int index);

#if defined(EP_PROFILE) && EP_PROFILE
extern const char *const ep_layer_name[EP_LAYER_COUNT];
void ep_profile_layer(int index);
#endif

#endif
