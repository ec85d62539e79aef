/* Runs the model on the host: raw bytes of all inputs, one inference after another, from
 * standard input; raw bytes of all outputs to standard output. */
#include "ep_model.h"

#include <stdint.h>
#include <stdio.h>

#if EP_ABI_VERSION != 1
#error "ep_model.h follows another version of the generated API than this program: build again"
#endif

/* Called after each layer by models that are built with profiling; nothing is timed here. */
#if defined(EP_PROFILE) && EP_PROFILE
void ep_profile_layer(int index) {
    (void)index;
}
#endif

/* Bytes of input read; all of them, or none at the end of the file. */
static uint32_t read_inputs(void) {
    uint32_t got = 0;
    for (int i = 0; i < EP_INPUT_COUNT; i++) {
        got += (uint32_t)fread(ep_input(i), 1, ep_input_info(i)->bytes, stdin);
    }
    return got;
}

static int write_outputs(void) {
    for (int i = 0; i < EP_OUTPUT_COUNT; i++) {
        uint32_t bytes = ep_output_info(i)->bytes;
        if (fwrite(ep_output(i), 1, bytes, stdout) != bytes) {
            return 0;
        }
    }
    return 1;
}

int main(void) {
    for (;;) {
        uint32_t got = read_inputs();
        if (got == 0) {
            return fflush(stdout) == 0 ? 0 : 1;
        }
        if (got != EP_INPUT_BYTES_TOTAL) {
            fprintf(stderr, "the last input has %u bytes instead of %u\n", (unsigned)got,
                    (unsigned)EP_INPUT_BYTES_TOTAL);
            return 1;
        }
        ep_invoke();
        if (!write_outputs()) {
            return 1;
        }
    }
}
