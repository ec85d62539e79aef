"""Operators with one input of any shape, of int8, int16 and float32."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder

_NAMES = {
    "int8": "ABS EXP HARD_SWISH LEAKY_RELU LOGISTIC RELU RELU6 RELU_N1_TO_1 RSQRT TANH",
    "int16": "ABS EXP LEAKY_RELU LOGISTIC RELU RELU6 RSQRT TANH",
    "float32": "ABS EXP HARD_SWISH LEAKY_RELU LOGISTIC NEG RELU RELU6 RELU_N1_TO_1 RSQRT SQRT TANH",
}
_ROOTS = ("RSQRT", "SQRT")


def _int8_scales(name: str, random: Random) -> tuple[float, float]:
    """Of the input and the output."""
    scale = draw.scale(random)
    if name == "LOGISTIC":
        return scale, 1 / 256
    if name == "TANH":
        return scale, float(random.choice([1 / 128, draw.scale(random)]))
    if name == "RSQRT":
        return scale, draw.scale(random)
    return scale, scale * float(np.exp(random.uniform(-2 if name == "HARD_SWISH" else -4, 4)))


def _int16_scales(name: str, random: Random) -> tuple[float, float]:
    if name in ("LOGISTIC", "TANH"):
        exact = [2.0**-12, 2.0**-11, 2.0**-13]
        return float(random.choice([*exact, float(np.exp(random.uniform(-12, 0.9)))])), 1 / 32768
    scale = float(np.exp(random.uniform(-12, -6)))
    if name in ("EXP", "RSQRT"):
        return scale, float(np.exp(random.uniform(-10, -2)))
    return scale, scale * float(np.exp(random.uniform(-4, 4)))


def unary(name: str, dtype: str, model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 8, int(random.integers(1, 4))))
    if random.random() < 0.5:
        shape = (1, int(random.integers(1, 400)))
    given: dict[str, float] = {}
    made: dict[str, float] = {}
    if dtype != "float32":
        scales = (_int8_scales if dtype == "int8" else _int16_scales)(name, random)
        zeros = [draw.zero_point(random) if dtype == "int8" else 0 for _ in range(2)]
        given = {"scale": scales[0], "zero_point": zeros[0]}
        made = {"scale": scales[1], "zero_point": zeros[1]}
    source = model.input(shape, dtype, **given)
    if name in _ROOTS:  # the reference refuses roots of negative numbers
        positive = model.tensor(shape, dtype, **given)
        model.operator("RELU" if dtype == "int8" else "ABS", (source,), (positive,))
        source = positive
    options = None
    if name == "LEAKY_RELU":
        options = schema.LeakyReluOptionsT()
        options.alpha = float(random.choice([0.1, 0.3, random.uniform(-1.5, 1.5)]))
    result = model.tensor(shape, dtype, **made)
    model.operator(name, (source,), (result,), options)
    model.output(result)


CASES = {
    name if dtype == "int8" else f"{name} {dtype}": partial(unary, name, dtype)
    for dtype, names in _NAMES.items()
    for name in names.split()
}
