"""Convolutions, dense layers and pooling in int16x8 and float32."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import PADDINGS, ModelBuilder

_INT16_SCALE = 1 / 256


def _input(model: ModelBuilder, random: Random, shape: tuple[int, ...], dtype: str) -> tuple[int, float]:
    if dtype == "float32":
        return model.input(shape, dtype), 1.0
    scale = draw.scale(random) * _INT16_SCALE
    return model.input(shape, dtype, scale=scale, zero_point=0), scale


def _parameters(
    model: ModelBuilder, random: Random, shape: tuple[int, ...], axis: int, dtype: str, scale_in: float,
    per_channel: bool, with_bias: bool,
) -> tuple[tuple[int, ...], np.ndarray]:  # fmt: skip
    """Weights, a bias where there is one, and the scales of the weights."""
    channels = shape[axis]
    if dtype == "float32":
        values = random.normal(0, 1, shape).astype(np.float32)
        bias = (model.tensor((channels,), dtype, data=random.normal(0, 1, channels).astype(np.float32)),)
        return (model.tensor(shape, dtype, data=values), *(bias if with_bias else ())), np.ones(1, np.float32)
    weights, scales = draw.weights(model, random, shape, axis, per_channel)
    values = random.integers(-(1 << 24), 1 << 24, channels)
    bias = (model.tensor((channels,), "int64", scales * np.float32(scale_in), 0, 0, values),)
    return (weights, *(bias if with_bias else ())), scales


def _output(
    model: ModelBuilder, random: Random, shape: tuple[int, ...], dtype: str, scale_in: float, scales: np.ndarray,
    depth: int,
) -> int:  # fmt: skip
    if dtype == "float32":
        return model.tensor(shape, dtype)
    return model.tensor(shape, dtype, scale=draw.output_scale(random, scale_in, scales, depth), zero_point=0)


def conv_2d(model: ModelBuilder, random: Random, dtype: str) -> None:
    size, window, stride, padding, output = draw.window(random)
    depth, batch, channels = int(random.integers(1, 10)), int(random.integers(1, 3)), int(random.integers(1, 9))
    options = schema.Conv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    if padding == "SAME" and random.random() < 0.25:
        options.dilationHFactor, options.dilationWFactor = (int(v) for v in random.integers(1, 4, 2))
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW = stride
    source, scale_in = _input(model, random, (batch, *size, depth), dtype)
    shape = (channels, *window, depth)
    constants, scales = _parameters(model, random, shape, 0, dtype, scale_in, True, True)
    taps = depth * window[0] * window[1]
    result = _output(model, random, (batch, *output, channels), dtype, scale_in, scales, taps)
    model.operator("CONV_2D", (source, *constants), (result,), options)
    model.output(result)


def depthwise_conv_2d(model: ModelBuilder, random: Random, dtype: str) -> None:
    size, window, stride, padding, output = draw.window(random)
    depth, multiplier = int(random.integers(1, 9)), int(random.choice([1, 1, 2, 3]))
    options = schema.DepthwiseConv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW, options.depthMultiplier = *stride, multiplier
    source, scale_in = _input(model, random, (1, *size, depth), dtype)
    shape = (1, *window, depth * multiplier)
    constants, scales = _parameters(model, random, shape, 3, dtype, scale_in, True, random.random() < 0.8)
    shape = (1, *output, depth * multiplier)
    result = _output(model, random, shape, dtype, scale_in, scales, window[0] * window[1])
    model.operator("DEPTHWISE_CONV_2D", (source, *constants), (result,), options)
    model.output(result)


def fully_connected(model: ModelBuilder, random: Random, dtype: str) -> None:
    rows, depth, channels = int(random.integers(1, 4)), int(random.integers(1, 70)), int(random.integers(1, 12))
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = draw.activation(random)
    source, scale_in = _input(model, random, (rows, depth), dtype)
    per_channel, with_bias = random.random() < 0.4, random.random() < 0.8
    constants, scales = _parameters(model, random, (channels, depth), 0, dtype, scale_in, per_channel, with_bias)
    result = _output(model, random, (rows, channels), dtype, scale_in, scales, depth)
    model.operator("FULLY_CONNECTED", (source, *constants), (result,), options)
    model.output(result)


def pool(model: ModelBuilder, random: Random, dtype: str, name: str) -> None:
    size, window, stride, padding, output = draw.window(random)
    channels, batch = int(random.integers(1, 9)), int(random.integers(1, 3))
    options = schema.Pool2DOptionsT()
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW = stride
    options.filterHeight, options.filterWidth = window
    source, scale = _input(model, random, (batch, *size, channels), dtype)
    quantization = {} if dtype == "float32" else {"scale": scale, "zero_point": 0}
    result = model.tensor((batch, *output, channels), dtype, **quantization)
    model.operator(name, (source,), (result,), options)
    model.output(result)


def softmax(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = (int(random.integers(1, 4)), int(random.integers(1, 30)))
    options = schema.SoftmaxOptionsT()
    options.beta = float(random.choice([1.0, 1.0, 0.5, 2.0]))
    if dtype == "float32":
        source, result = model.input(shape, dtype), model.tensor(shape, dtype)
    else:
        source = model.input(shape, dtype, scale=draw.scale(random) * _INT16_SCALE, zero_point=0)
        result = model.tensor(shape, dtype, scale=1 / 32768, zero_point=0)
    model.operator("SOFTMAX", (source,), (result,), options)
    model.output(result)


_OPERATORS = {
    "AVERAGE_POOL_2D": partial(pool, name="AVERAGE_POOL_2D"),
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "SOFTMAX": softmax,
    "MAX_POOL_2D": partial(pool, name="MAX_POOL_2D"),
}
CASES = {
    f"{name} {dtype}": partial(case, dtype=dtype) for name, case in _OPERATORS.items() for dtype in ("int16", "float32")
}
