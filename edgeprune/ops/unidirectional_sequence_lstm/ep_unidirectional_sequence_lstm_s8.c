#include "ep_unidirectional_sequence_lstm_s8.h"

#include "ep_fixed16.h"

static int32_t weighted(const ep_lstm_sum *s, int32_t row, const int8_t *values, int32_t count) {
    const int8_t *weights = s->weights + (ptrdiff_t)row * count;
    int32_t sum = s->bias[row];
    for (int32_t i = 0; i < count; i++) {
        sum += values[i] * weights[i];
    }
    return ep_requantize(sum, s->mantissa, s->shift);
}

/* The gate's sums before its activation, Q3. */
static void fill_gate(const ep_unidirectional_sequence_lstm_s8_params *p, const ep_lstm_gate *gate,
                      const int8_t *input, const int8_t *state, int16_t *sums) {
    for (int32_t c = 0; c < p->cells; c++) {
        int32_t sum = weighted(&gate->of_input, c, input, p->inputs);
        sum = ep_clamp(sum, INT16_MIN, INT16_MAX);
        sum += weighted(&gate->of_state, c, state, p->cells);
        sums[c] = (int16_t)ep_clamp(sum, INT16_MIN, INT16_MAX);
    }
}

static void sigmoid_gate(const ep_unidirectional_sequence_lstm_s8_params *p,
                         const ep_lstm_gate *gate, const int8_t *input, const int8_t *state,
                         int16_t *sums) {
    fill_gate(p, gate, input, state, sums);
    for (int32_t c = 0; c < p->cells; c++) {
        sums[c] = ep_logistic_q3(sums[c]);
    }
}

/* One cell's state moves on by a step; returns it. */
static int16_t next_cell(const ep_unidirectional_sequence_lstm_s8_params *p, int16_t before,
                         int16_t forget, int16_t let_in, int16_t candidate) {
    const int32_t kept = (int16_t)ep_rounding_shift(forget * before, 15);
    const int32_t added =
        (int16_t)ep_rounding_shift(let_in * ep_tanh_q(candidate, 3), 15 + p->cell_integer_bits);
    const int32_t sum = ep_clamp(kept + added, INT16_MIN, INT16_MAX);
    return (int16_t)(p->cell_clip > 0 ? ep_clamp(sum, -p->cell_clip, p->cell_clip) : sum);
}

static void step(const ep_unidirectional_sequence_lstm_s8_params *p, const int8_t *input,
                 int8_t *output, int8_t *state, int16_t *cell_state, int16_t *gates) {
    int16_t *forget = gates;
    int16_t *candidate = forget + p->cells;
    int16_t *let_out = candidate + p->cells;
    int16_t *let_in = let_out + p->cells;
    sigmoid_gate(p, &p->forget_gate, input, state, forget);
    fill_gate(p, &p->cell_gate, input, state, candidate);
    sigmoid_gate(p, &p->output_gate, input, state, let_out);
    if (p->input_gate != NULL) {
        sigmoid_gate(p, p->input_gate, input, state, let_in);
    }
    for (int32_t c = 0; c < p->cells; c++) {
        const int16_t in = p->input_gate != NULL ? let_in[c] : (int16_t)(INT16_MAX - forget[c]);
        cell_state[c] = next_cell(p, cell_state[c], forget[c], in, candidate[c]);
        const int32_t shown = let_out[c] * ep_tanh_q(cell_state[c], p->cell_integer_bits);
        const int32_t hidden = ep_requantize(shown, p->hidden_mantissa, p->hidden_shift);
        state[c] = (int8_t)ep_clamp(hidden + p->hidden_zero_point, INT8_MIN, INT8_MAX);
        output[c] = state[c];
    }
}

void ep_unidirectional_sequence_lstm_s8(const ep_unidirectional_sequence_lstm_s8_params *p,
                                        const int8_t *input, int8_t *output, int8_t *state,
                                        int16_t *cell_state, void *scratch) {
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t s = 0; s < p->steps; s++) {
            const ptrdiff_t place = (ptrdiff_t)b * p->batch_stride + (ptrdiff_t)s * p->step_stride;
            step(p, input + place * p->inputs, output + place * p->cells, state, cell_state,
                 scratch);
        }
        state += p->cells;
        cell_state += p->cells;
    }
}
