"""Operators with two inputs whose shapes broadcast, of int8, int16 and float32."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.ops import elementwise
from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder

_NAMES = {
    "int8": "MAXIMUM MINIMUM MUL PRELU SQUARED_DIFFERENCE SUB",
    "int16": "ADD MAXIMUM MINIMUM MUL SUB",
    "float32": "ADD DIV MAXIMUM MINIMUM MUL PRELU SQUARED_DIFFERENCE SUB",
}
#: How many dimensions the reference takes.
_RANKS = {"ADD": 6, "SUB": 6, "MUL": 6, "MAXIMUM": 5, "MINIMUM": 5, "DIV": 5}
_OPTIONS = {"ADD": schema.AddOptionsT, "SUB": schema.SubOptionsT, "MUL": schema.MulOptionsT, "DIV": schema.DivOptionsT}


def _shapes(name: str, random: Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of both inputs; equal, or the second repeats, or each repeats somewhere."""
    rank = int(random.integers(1, _RANKS.get(name, 4) + 1))
    while True:
        shape = tuple(int(v) for v in random.integers(1, 12 if rank < 4 else 5, rank))
        other = shape
        if random.random() < 0.6:
            other = tuple(1 if random.random() < 0.4 else extent for extent in shape)
            other = other[int(random.integers(0, rank)) :]
            if name != "PRELU" and random.random() < 0.3:
                shape = tuple(1 if random.random() < 0.3 else extent for extent in shape)
        if len(elementwise.broadcast(shape, other).extents) <= 4:
            return shape, other


def _scales(name: str, dtype: str, powers: bool, random: Random) -> tuple[float, float, float]:
    """Of both inputs and the output."""
    if powers:
        output = int(random.integers(-14, -6))
        exponents = [output, output - int(random.integers(0, 8))]
        random.shuffle(exponents)
        return 2.0 ** exponents[0], 2.0 ** exponents[1], 2.0**output
    first = draw.scale(random) * (1 if dtype == "int8" else 1e-3)
    second = first * float(np.exp(random.uniform(-3, 3)))
    change = float(np.exp(random.uniform(-1, 2)))
    steps = 127 if dtype == "int8" else 32767
    if name == "MUL":
        return first, second, max(first * second * steps * float(np.exp(random.uniform(-5, 2))), 1e-8)
    if name == "SQUARED_DIFFERENCE":
        return first, second, max(first, second) ** 2 * steps * change
    if name == "PRELU":
        return first, float(np.exp(random.uniform(-7, -3))), first * change
    return first, second, max(first, second) * change


def binary(name: str, dtype: str, model: ModelBuilder, random: Random) -> None:
    shapes = _shapes(name, random)
    options = _OPTIONS[name]() if name in _OPTIONS else None
    powers = False
    if options is not None:
        options.fusedActivationFunction = draw.activation(random)
    if name in ("ADD", "SUB") and dtype == "int16":
        powers = bool(random.random() < 0.4)
        options.potScaleInt16 = powers
        shapes = (shapes[0], shapes[0]) if powers else shapes
    kinds: list[dict[str, float]] = [{}, {}, {}]
    if dtype != "float32":
        scales = _scales(name, dtype, powers, random)
        zeros = [draw.zero_point(random) if dtype == "int8" else 0 for _ in range(3)]
        kinds = [{"scale": s, "zero_point": z} for s, z in zip(scales, zeros, strict=True)]
    tensors = []
    for position, shape in enumerate(shapes):
        if random.random() < 0.15:
            values = random.normal(0, 1, shape) if dtype == "float32" else random.integers(-128, 128, shape)
            tensors.append(model.tensor(shape, dtype, data=values.astype(dtype), **kinds[position]))
        else:
            tensors.append(model.input(shape, dtype, **kinds[position]))
    if all(tensor not in model.graph.inputs for tensor in tensors):
        tensors[0] = model.input(shapes[0], dtype, **kinds[0])
    result = model.tensor(np.broadcast_shapes(*shapes), dtype, **kinds[2])
    model.operator(name, tensors, (result,), options)
    model.output(result)


CASES = {
    name if dtype == "int8" else f"{name} {dtype}": partial(binary, name, dtype)
    for dtype, names in _NAMES.items()
    for name in names.split()
}
