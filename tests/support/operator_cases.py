"""Random uses of each operator, within what TFLite allows and edgeprune supports.

Every case appends one operator with inputs of its own to a model, so that one model,
compiled once, carries many cases.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder

Random = np.random.Generator
Case = Callable[[ModelBuilder, Random], None]


def _scale(random: Random) -> float:
    return float(np.float32(np.exp(random.uniform(-6, 0))))


def _zero(random: Random) -> int:
    return int(random.choice([-128, 127, 0, random.integers(-128, 128)]))


def _slide(size: int, window: int, stride: int, dilation: int, padding: str) -> int:
    extent = (window - 1) * dilation + 1
    return -(-size // stride) if padding == "SAME" else (size - extent) // stride + 1


def _window(random: Random) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], str, tuple[int, int]]:
    """Input size, window, stride, padding and output size; the window fits."""
    window = tuple(int(v) for v in random.integers(1, 5, 2))
    stride = tuple(int(v) for v in random.integers(1, 4, 2))
    padding = str(random.choice(["SAME", "VALID"]))
    size = tuple(int(random.integers(w if padding == "VALID" else 1, 11)) for w in window)
    output = tuple(_slide(s, w, t, 1, padding) for s, w, t in zip(size, window, stride, strict=True))
    return size, window, stride, padding, output


def _activation(random: Random) -> int:
    return ACTIVATIONS[str(random.choice(list(ACTIVATIONS)))]


def _weights(
    model: ModelBuilder, random: Random, shape: tuple[int, ...], axis: int, per_channel: bool
) -> tuple[int, np.ndarray]:
    count = shape[axis] if per_channel else 1
    scales = np.exp(random.uniform(-7, -1, count)).astype(np.float32)
    if count > 1 and random.random() < 0.2:
        scales[0] = np.float32(1e-9)  # a channel whose multiplier is next to nothing
    values = random.integers(-127, 128, shape, dtype=np.int8)
    return model.tensor(shape, "int8", scales, 0, axis, values), scales


def _bias(model: ModelBuilder, random: Random, channels: int, scale: np.ndarray) -> tuple[int, ...]:
    values = random.integers(-(1 << 14), 1 << 14, channels).astype(np.int32)
    return (model.tensor((channels,), "int32", scale, 0, 0, values),)


def _output_scale(random: Random, scale_in: float, scales: np.ndarray, depth: int) -> float:
    """A scale at which outputs fill the int8 range, or are clipped, or are tiny."""
    typical = scale_in * float(np.median(scales)) * np.sqrt(depth) * 40
    return float(np.float32(typical * np.exp(random.uniform(-3, 3))))


def conv_2d(model: ModelBuilder, random: Random) -> None:
    size, window, stride, padding, output = _window(random)
    groups = int(random.choice([1, 1, 1, 2, 3]))
    depth, batch = int(random.integers(1, 10)), int(random.integers(1, 3))
    channels = groups * int(random.integers(1, 8))
    options = schema.Conv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    if padding == "SAME" and random.random() < 0.25:
        options.dilationHFactor, options.dilationWFactor = (int(v) for v in random.integers(1, 4, 2))
    options.padding, options.fusedActivationFunction = PADDINGS[padding], _activation(random)
    options.strideH, options.strideW = stride
    scale_in = _scale(random)
    source = model.input((batch, *size, depth * groups), scale=scale_in, zero_point=_zero(random))
    weights, scales = _weights(model, random, (channels, *window, depth), 0, random.random() < 0.8)
    bias = _bias(model, random, channels, scales * np.float32(scale_in))
    scale_out = _output_scale(random, scale_in, scales, depth * window[0] * window[1])
    result = model.tensor((batch, *output, channels), scale=scale_out, zero_point=_zero(random))
    model.operator("CONV_2D", (source, weights, *bias), (result,), options)
    model.output(result)


def depthwise_conv_2d(model: ModelBuilder, random: Random) -> None:
    size, window, stride, padding, output = _window(random)
    depth, multiplier, batch = int(random.integers(1, 11)), int(random.choice([1, 1, 1, 2, 3])), 1
    options = schema.DepthwiseConv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    if padding == "SAME" and random.random() < 0.25:
        options.dilationHFactor, options.dilationWFactor = (int(v) for v in random.integers(1, 4, 2))
    options.padding, options.fusedActivationFunction = PADDINGS[padding], _activation(random)
    options.strideH, options.strideW, options.depthMultiplier = *stride, multiplier
    scale_in = _scale(random)
    source = model.input((batch, *size, depth), scale=scale_in, zero_point=_zero(random))
    channels = depth * multiplier
    weights, scales = _weights(model, random, (1, *window, channels), 3, random.random() < 0.8)
    bias = _bias(model, random, channels, scales * np.float32(scale_in)) if random.random() < 0.8 else ()
    scale_out = _output_scale(random, scale_in, scales, window[0] * window[1])
    result = model.tensor((batch, *output, channels), scale=scale_out, zero_point=_zero(random))
    model.operator("DEPTHWISE_CONV_2D", (source, weights, *bias), (result,), options)
    model.output(result)


def fully_connected(model: ModelBuilder, random: Random) -> None:
    rows, depth, channels = int(random.integers(1, 4)), int(random.integers(1, 70)), int(random.integers(1, 12))
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = _activation(random)
    options.keepNumDims = bool(random.random() < 0.5)
    scale_in = _scale(random)
    shape = (1, rows, depth) if options.keepNumDims else (rows, depth)
    source = model.input(shape, scale=scale_in, zero_point=_zero(random))
    weights, scales = _weights(model, random, (channels, depth), 0, random.random() < 0.3)
    bias = _bias(model, random, channels, scales * np.float32(scale_in)) if random.random() < 0.8 else ()
    scale_out = _output_scale(random, scale_in, scales, depth)
    result = model.tensor((*shape[:-1], channels), scale=scale_out, zero_point=_zero(random))
    model.operator("FULLY_CONNECTED", (source, weights, *bias), (result,), options)
    model.output(result)


def add(model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 6, int(random.integers(1, 5))))
    other = shape
    if random.random() < 0.5:
        other = tuple(1 if random.random() < 0.4 else extent for extent in shape)
        other = other[int(random.integers(0, len(other))) :]
    options = schema.AddOptionsT()
    options.fusedActivationFunction = _activation(random)
    first_scale = _scale(random)
    second_scale = first_scale * float(np.exp(random.uniform(-3, 3)))
    first = model.input(shape, scale=first_scale, zero_point=_zero(random))
    if random.random() < 0.3:
        values = random.integers(-128, 128, other, dtype=np.int8)
        second = model.tensor(other, scale=second_scale, zero_point=_zero(random), data=values)
    else:
        second = model.input(other, scale=second_scale, zero_point=_zero(random))
    pair = (first, second) if random.random() < 0.5 else (second, first)
    scale_out = max(first_scale, second_scale) * float(np.exp(random.uniform(-1, 2)))
    result = model.tensor(np.broadcast_shapes(shape, other), scale=scale_out, zero_point=_zero(random))
    model.operator("ADD", pair, (result,), options)
    model.output(result)


def _pool(model: ModelBuilder, random: Random, name: str) -> None:
    size, window, stride, padding, output = _window(random)
    channels, batch = int(random.integers(1, 9)), int(random.integers(1, 3))
    options = schema.Pool2DOptionsT()
    options.padding, options.fusedActivationFunction = PADDINGS[padding], _activation(random)
    options.strideH, options.strideW = stride
    options.filterHeight, options.filterWidth = window
    scale, zero = _scale(random), _zero(random)
    source = model.input((batch, *size, channels), scale=scale, zero_point=zero)
    result = model.tensor((batch, *output, channels), scale=scale, zero_point=zero)
    model.operator(name, (source,), (result,), options)
    model.output(result)


def average_pool_2d(model: ModelBuilder, random: Random) -> None:
    _pool(model, random, "AVERAGE_POOL_2D")


def max_pool_2d(model: ModelBuilder, random: Random) -> None:
    _pool(model, random, "MAX_POOL_2D")


def mean(model: ModelBuilder, random: Random) -> None:
    rank = int(random.integers(1, 5))
    shape = tuple(int(v) for v in random.integers(1, 9, rank))
    count = int(random.integers(1, rank + 1))
    axes = sorted(int(v) for v in random.choice(rank, count, replace=False))
    if rank == 4 and random.random() < 0.4:
        axes = [1, 2]
    given = [axis - rank if random.random() < 0.3 else axis for axis in axes]
    options = schema.ReducerOptionsT()
    options.keepDims = bool(random.random() < 0.5)
    scale, zero = _scale(random), _zero(random)
    source = model.input(shape, scale=scale, zero_point=zero)
    table = model.tensor((len(given),), "int32", data=np.array(given, np.int32))
    if random.random() < 0.7:
        scale, zero = scale * float(np.exp(random.uniform(-2, 2))), _zero(random)
    kept = [1 if i in axes else s for i, s in enumerate(shape)]
    reduced = kept if options.keepDims else [s for i, s in enumerate(shape) if i not in axes]
    result = model.tensor(reduced, scale=scale, zero_point=zero)
    model.operator("MEAN", (source, table), (result,), options)
    model.output(result)


def softmax(model: ModelBuilder, random: Random) -> None:
    rows = [int(v) for v in random.integers(1, 5, int(random.integers(0, 2)))]
    shape = (1, *rows, int(random.integers(1, 30)))
    options = schema.SoftmaxOptionsT()
    options.beta = float(random.choice([1.0, 1.0, 0.5, 2.0]))
    source = model.input(shape, scale=_scale(random), zero_point=_zero(random))
    result = model.tensor(shape, scale=1 / 256, zero_point=-128)
    model.operator("SOFTMAX", (source,), (result,), options)
    model.output(result)


def reshape(model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 6, 3))
    wanted = (shape[0] * shape[1], shape[2])
    scale, zero = _scale(random), _zero(random)
    source = model.input(shape, scale=scale, zero_point=zero)
    table = model.tensor((2,), "int32", data=np.array(wanted, np.int32))
    result = model.tensor(wanted, scale=scale, zero_point=zero)
    options = schema.ReshapeOptionsT()
    options.newShape = list(wanted)
    model.operator("RESHAPE", (source, table), (result,), options)
    model.output(result)


def quantize(model: ModelBuilder, random: Random) -> None:
    shape = (1, int(random.integers(1, 40)))
    if random.random() < 0.5:
        source = model.input(shape, "float32")
    else:
        source = model.input(shape, scale=_scale(random), zero_point=_zero(random))
    result = model.tensor(shape, scale=_scale(random), zero_point=_zero(random))
    model.operator("QUANTIZE", (source,), (result,), schema.QuantizeOptionsT())
    model.output(result)


def dequantize(model: ModelBuilder, random: Random) -> None:
    shape = (1, int(random.integers(1, 40)))
    source = model.input(shape, scale=_scale(random), zero_point=_zero(random))
    result = model.tensor(shape, "float32")
    model.operator("DEQUANTIZE", (source,), (result,), schema.DequantizeOptionsT())
    model.output(result)


def pad(model: ModelBuilder, random: Random) -> None:
    rank = int(random.integers(1, 5))
    shape = tuple(int(v) for v in random.integers(1, 6, rank))
    paddings = random.integers(0, 4, (rank, 2)).astype(np.int32)
    scale, zero = _scale(random), _zero(random)
    source = model.input(shape, scale=scale, zero_point=zero)
    table = model.tensor((rank, 2), "int32", data=paddings)
    result = model.tensor(
        tuple(s + int(sum(p)) for s, p in zip(shape, paddings, strict=True)), scale=scale, zero_point=zero
    )
    model.operator("PAD", (source, table), (result,), schema.PadOptionsT())
    model.output(result)


CASES: dict[str, Case] = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEQUANTIZE": dequantize,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": max_pool_2d,
    "MEAN": mean,
    "PAD": pad,
    "QUANTIZE": quantize,
    "RESHAPE": reshape,
    "SOFTMAX": softmax,
}


def bundle(name: str, seeds: list[int]) -> bytes:
    """A model with one case of the operator per seed."""
    model = ModelBuilder()
    for seed in seeds:
        CASES[name](model, np.random.default_rng(seed))
    return model.build()
