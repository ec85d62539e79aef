#include "ep_softmax_f32.h"

#include "ep_float.h"

static void one_row(const ep_softmax_f32_params *p, const float *input, float *output) {
    float largest = input[0], sum = 0.0f;
    for (int32_t i = 1; i < p->depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    for (int32_t i = 0; i < p->depth; i++) {
        output[i] = ep_exp((input[i] - largest) * p->beta);
        sum += output[i];
    }
    for (int32_t i = 0; i < p->depth; i++) {
        output[i] /= sum;
    }
}

void ep_softmax_f32(const ep_softmax_f32_params *p, const float *input, float *output,
                    void *scratch) {
    (void)scratch;
    for (int32_t row = 0; row < p->rows; row++) {
        one_row(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
