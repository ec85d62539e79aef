"""Operators that work value by value."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder


def add(model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 6, int(random.integers(1, 5))))
    other = shape
    if random.random() < 0.5:
        other = tuple(1 if random.random() < 0.4 else extent for extent in shape)
        other = other[int(random.integers(0, len(other))) :]
    options = schema.AddOptionsT()
    options.fusedActivationFunction = draw.activation(random)
    first_scale = draw.scale(random)
    second_scale = first_scale * float(np.exp(random.uniform(-3, 3)))
    first = model.input(shape, scale=first_scale, zero_point=draw.zero_point(random))
    if random.random() < 0.3:
        values = random.integers(-128, 128, other, dtype=np.int8)
        second = model.tensor(other, scale=second_scale, zero_point=draw.zero_point(random), data=values)
    else:
        second = model.input(other, scale=second_scale, zero_point=draw.zero_point(random))
    pair = (first, second) if random.random() < 0.5 else (second, first)
    scale_out = max(first_scale, second_scale) * float(np.exp(random.uniform(-1, 2)))
    result = model.tensor(np.broadcast_shapes(shape, other), scale=scale_out, zero_point=draw.zero_point(random))
    model.operator("ADD", pair, (result,), options)
    model.output(result)


CASES = {
    "ADD": add,
}
