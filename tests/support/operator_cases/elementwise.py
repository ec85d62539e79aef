"""Operators that work value by value."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder


def _pair_of_shapes(random: Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes that broadcast: equal, one vector along the last dimension, one value, or any."""
    shape = tuple(int(v) for v in random.integers(1, 6, int(random.integers(1, 5))))
    if random.random() < 0.5:
        shape = (*shape[:-1], int(random.integers(1, 40)))
    kind = random.random()
    if kind < 0.4:
        return shape, shape
    if kind < 0.6:
        return shape, shape[-1:]
    if kind < 0.7:
        return shape, (1,)
    other = tuple(1 if random.random() < 0.4 else extent for extent in shape)
    return shape, other[int(random.integers(0, len(other))) :]


def add(model: ModelBuilder, random: Random) -> None:
    shape, other = _pair_of_shapes(random)
    options = schema.AddOptionsT()
    options.fusedActivationFunction = draw.activation(random)
    first_scale = draw.scale(random)
    second_scale = first_scale * float(random.choice([1.0, 2.0, np.exp(random.uniform(-3, 3))], p=[0.1, 0.1, 0.8]))
    first = model.input(shape, scale=first_scale, zero_point=draw.zero_point(random))
    if random.random() < 0.3:
        values = random.integers(-128, 128, other, dtype=np.int8)
        second = model.tensor(other, scale=second_scale, zero_point=draw.zero_point(random), data=values)
    else:
        second = model.input(other, scale=second_scale, zero_point=draw.zero_point(random))
    pair = (first, second) if random.random() < 0.5 else (second, first)
    growth = float(random.choice([1.0, 4.0, np.exp(random.uniform(-1, 2))], p=[0.1, 0.1, 0.8]))
    scale_out = max(first_scale, second_scale) * growth
    result = model.tensor(np.broadcast_shapes(shape, other), scale=scale_out, zero_point=draw.zero_point(random))
    model.operator("ADD", pair, (result,), options)
    model.output(result)


CASES = {
    "ADD": add,
}
