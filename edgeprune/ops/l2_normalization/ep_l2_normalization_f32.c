#include "ep_l2_normalization_f32.h"
#include "ep_float.h"

static void normalize(int32_t depth, const float *input, float *output) {
    const float least = 1e-6f; /* what the reference divides by instead of 0 */
    float squares = 0.0f;
    for (int32_t i = 0; i < depth; i++) {
        squares += input[i] * input[i];
    }
    const float root = ep_sqrt(squares);
    const float norm = root > least ? root : least;
    for (int32_t i = 0; i < depth; i++) {
        output[i] = input[i] / norm;
    }
}

void ep_l2_normalization_f32(const ep_l2_normalization_f32_params *p, const float *input,
                             float *output, void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        normalize(p->depth, input, output);
        input += p->depth;
        output += p->depth;
    }
}
