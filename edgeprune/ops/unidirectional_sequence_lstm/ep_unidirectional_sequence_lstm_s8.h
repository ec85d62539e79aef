/* UNIDIRECTIONAL_SEQUENCE_LSTM, int8 with an int16 cell state, without projection, peepholes
 * and layer normalisation.
 *
 * For each step: the four gates are weighted sums of the step's input and of the state, each
 * requantized to Q3 before they are added; then sigmoid or tanh.  The zero points of input and
 * state are folded into the biases.  Scratch: four int16 gates of `cells` values. */
#ifndef EP_UNIDIRECTIONAL_SEQUENCE_LSTM_S8_H
#define EP_UNIDIRECTIONAL_SEQUENCE_LSTM_S8_H

#include "ep_runtime.h"

/* One weighted sum of a gate. */
typedef struct {
    const int8_t *weights; /* [cells][inputs or cells] */
    const int32_t *bias;   /* [cells] */
    int32_t mantissa;
    int32_t shift;
} ep_lstm_sum;

typedef struct {
    ep_lstm_sum of_input;
    ep_lstm_sum of_state;
} ep_lstm_gate;

typedef struct {
    int32_t batches, steps, inputs, cells;
    int32_t batch_stride, step_stride; /* of the input, in steps of `inputs` values */
    const ep_lstm_gate *input_gate;    /* NULL where it is one minus the forget gate */
    ep_lstm_gate forget_gate, cell_gate, output_gate;
    int32_t cell_integer_bits; /* the cell state is Q of so many */
    int32_t cell_clip;         /* 0: not clipped */
    int32_t hidden_mantissa, hidden_shift, hidden_zero_point;
} ep_unidirectional_sequence_lstm_s8_params;

void ep_unidirectional_sequence_lstm_s8(const ep_unidirectional_sequence_lstm_s8_params *p,
                                        const int8_t *input, int8_t *output, int8_t *state,
                                        int16_t *cell_state, void *scratch);

#endif
