"""Layers with a state of their own."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder

_TANH = 4
_GATES = 4


def lstm(model: ModelBuilder, random: Random) -> None:
    """An int8 LSTM without projection, peepholes and layer normalisation."""
    batches, steps = int(random.integers(1, 3)), int(random.integers(1, 6))
    depth, cells = int(random.integers(1, 12)), int(random.integers(1, 12))
    coupled = random.random() < 0.2
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.fusedActivationFunction, options.projClip = _TANH, 0.0
    options.cellClip = float(random.choice([0.0, 10.0, 0.5]))
    options.timeMajor = bool(random.random() < 0.3)
    outer = (steps, batches) if options.timeMajor else (batches, steps)
    scale_in, state_scale, zero = draw.scale(random) / 4, float(random.uniform(0.003, 0.01)), draw.zero_point(random)
    source = model.input((*outer, depth), scale=scale_in, zero_point=draw.zero_point(random))

    def weights(columns: int) -> int:
        scale = float(np.exp(random.uniform(-7, -4)))
        return model.tensor((cells, columns), scale=scale, data=random.integers(-127, 128, (cells, columns), np.int8))

    def bias() -> int:
        values = random.integers(-3000, 3000, cells).astype(np.int32)
        return model.tensor((cells,), "int32", scale_in * 0.01, data=values)

    absent = [-1] if coupled else []
    of_input = absent + [weights(depth) for _ in range(_GATES - coupled)]
    of_state = absent + [weights(cells) for _ in range(_GATES - coupled)]
    biases = absent + [bias() for _ in range(_GATES - coupled)]
    state = model.tensor((batches, cells), scale=state_scale, zero_point=zero)
    cell_scale = 2.0 ** -int(random.integers(9, 16))
    cell = model.tensor((batches, cells), "int16", scale=cell_scale)
    for variable in (state, cell):
        model.graph.tensors[variable].isVariable = True
    hidden = model.tensor((1,), scale=state_scale, zero_point=zero)
    unused = [model.tensor((1,), "float32") for _ in range(_GATES)]
    result = model.tensor((*outer, cells), scale=state_scale, zero_point=zero)
    inputs = (source, *of_input, *of_state, -1, -1, -1, *biases, -1, -1, state, cell, -1, -1, -1, -1)
    model.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (result,), options, (*unused, hidden))
    model.output(result)


CASES = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm}
