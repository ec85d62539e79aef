"""Sliding windows without weights."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import PADDINGS, ModelBuilder


def _pool(model: ModelBuilder, random: Random, name: str) -> None:
    size, window, stride, padding, output = draw.window(random)
    channels, batch = int(random.choice([random.integers(1, 9), random.integers(1, 50)])), int(random.integers(1, 3))
    if random.random() < 0.1:  # one window over all
        window, stride, padding, output = size, (1, 1), "VALID", (1, 1)
    options = schema.Pool2DOptionsT()
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW = stride
    options.filterHeight, options.filterWidth = window
    scale, zero = draw.scale(random), draw.zero_point(random)
    source = model.input((batch, *size, channels), scale=scale, zero_point=zero)
    result = model.tensor((batch, *output, channels), scale=scale, zero_point=zero)
    model.operator(name, (source,), (result,), options)
    model.output(result)


def average_pool_2d(model: ModelBuilder, random: Random) -> None:
    _pool(model, random, "AVERAGE_POOL_2D")


def max_pool_2d(model: ModelBuilder, random: Random) -> None:
    _pool(model, random, "MAX_POOL_2D")


CASES = {
    "AVERAGE_POOL_2D": average_pool_2d,
    "MAX_POOL_2D": max_pool_2d,
}
