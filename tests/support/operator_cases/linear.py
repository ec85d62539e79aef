"""Convolutions and dense layers."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder


def conv_2d(model: ModelBuilder, random: Random) -> None:
    size, window, stride, padding, output = draw.window(random)
    groups = int(random.choice([1, 1, 1, 2, 3]))
    depth, batch = int(random.integers(1, 10)), int(random.integers(1, 3))
    channels = groups * int(random.integers(1, 8))
    kind = random.random()
    if kind < 0.6:  # what networks are made of
        groups, depth, channels = 1, *(int(v) for v in random.choice([1, 3, 4, 5, 8, 13, 16, 24, 36, 64, 99], 2))
        batch = int(random.choice([1, 1, 2]))
        window = {0: (1, 1), 1: (3, 3), 2: (10, 4)}.get(int(random.integers(0, 4)), window)
        size = tuple(int(random.integers(w if padding == "VALID" else 1, 14)) for w in window)
        stride = (1, 1) if random.random() < 0.4 else (2, 2)
        output = tuple(draw.slide(s, w, t, 1, padding) for s, w, t in zip(size, window, stride, strict=True))
    if 0.6 <= kind < 0.8:  # pictures
        groups, depth, channels = 1, int(random.choice([1, 3, 5])), int(random.choice([4, 7, 8, 16]))
    if kind < 0.05:  # sums of more than 24 bits
        depth, window, size, output = 1024 - 4 * int(random.integers(0, 8)), (1, 1), (2, 1), (2, 1)
        stride = (1, 1)
    if kind > 0.75:  # what Winograd takes
        groups, window, stride = 1, (3, 3), (1, 1)
        depth = int(random.choice([4 * int(random.integers(1, 11)), 48, 64, int(random.integers(1, 41))]))
        channels = int(random.integers(1, 33)) if random.random() < 0.9 else 64
        size = tuple(int(random.integers(3 if padding == "VALID" else 1, 21)) for _ in window)
        output = tuple(draw.slide(s, 3, 1, 1, padding) for s in size)
    options = schema.Conv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    if padding == "SAME" and random.random() < 0.25:
        options.dilationHFactor, options.dilationWFactor = (int(v) for v in random.integers(1, 4, 2))
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    zero_point = draw.zero_point(random)
    if random.random() < 0.4:  # what converters make
        options.fusedActivationFunction, zero_point = ACTIVATIONS["RELU"], -128
    options.strideH, options.strideW = stride
    scale_in = draw.scale(random)
    source = model.input((batch, *size, depth * groups), scale=scale_in, zero_point=draw.zero_point(random))
    weights, scales = draw.weights(model, random, (channels, *window, depth), 0, random.random() < 0.8)
    bias = draw.bias(model, random, channels, scales * np.float32(scale_in))
    scale_out = draw.output_scale(random, scale_in, scales, depth * window[0] * window[1])
    result = model.tensor((batch, *output, channels), scale=scale_out, zero_point=zero_point)
    model.operator("CONV_2D", (source, weights, *bias), (result,), options)
    model.output(result)


def depthwise_conv_2d(model: ModelBuilder, random: Random) -> None:
    size, window, stride, padding, depth = _depthwise_shape(random)
    multiplier, batch = int(random.choice([1, 1, 1, 2, 3])) if depth < 12 else 1, int(random.choice([1, 1, 2]))
    options = schema.DepthwiseConv2DOptionsT()
    options.dilationHFactor = options.dilationWFactor = 1
    if padding == "SAME" and random.random() < 0.2:
        options.dilationHFactor, options.dilationWFactor = (int(v) for v in random.integers(1, 4, 2))
    dilation = (options.dilationHFactor, options.dilationWFactor)
    output = tuple(draw.slide(*step, padding) for step in zip(size, window, stride, dilation, strict=True))
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW, options.depthMultiplier = *stride, multiplier
    scale_in = draw.scale(random)
    source = model.input((batch, *size, depth), scale=scale_in, zero_point=draw.zero_point(random))
    channels = depth * multiplier
    weights, scales = draw.weights(model, random, (1, *window, channels), 3, random.random() < 0.8)
    bias = draw.bias(model, random, channels, scales * np.float32(scale_in)) if random.random() < 0.8 else ()
    scale_out = draw.output_scale(random, scale_in, scales, window[0] * window[1])
    if random.random() < 0.15:  # multipliers about 1/4, 1/2, 1 and above
        scale_out = float(np.float32(scale_in * scales.max() / np.exp(random.uniform(-1.5, 1.5))))
    result = model.tensor((batch, *output, channels), scale=scale_out, zero_point=draw.zero_point(random))
    model.operator("DEPTHWISE_CONV_2D", (source, weights, *bias), (result,), options)
    model.output(result)


def _depthwise_shape(
    random: Random,
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], str, int]:
    """Input size, window, stride, padding and channels: mostly 3x3 with equal strides, as networks have it."""
    usual = random.random() < 0.6
    window = (3, 3) if usual else tuple(int(v) for v in random.choice([1, 2, 3, 4, 5, 5, 7, 10], 2))
    stride = (int(random.integers(1, 3)),) * 2 if usual else tuple(int(v) for v in random.integers(1, 4, 2))
    padding = str(random.choice(["SAME", "VALID"]))
    least = window if padding == "VALID" else (1, 1)
    size = tuple(int(random.choice([n, random.integers(n, 23), random.integers(n, 13)])) for n in least)
    channels = int(random.choice([random.integers(1, 5), random.integers(1, 41), 4 * random.integers(1, 11)]))
    return size, window, stride, padding, channels


def fully_connected(model: ModelBuilder, random: Random) -> None:
    rows, channels = int(random.integers(1, 4)), int(random.integers(1, 41))
    depth = int(random.integers(1, random.choice([9, 70, 700])))
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = draw.activation(random)
    options.keepNumDims = bool(random.random() < 0.5)
    if random.random() < 0.1:  # with the largest weights, more than half of 32 bits
        depth = int(random.integers(500, 1100))
    scale_in = draw.scale(random)
    shape = (1, rows, depth) if options.keepNumDims else (rows, depth)
    source = model.input(shape, scale=scale_in, zero_point=draw.zero_point(random))
    weights, scales = draw.weights(model, random, (channels, depth), 0, random.random() < 0.3)
    largest = int(random.choice([1 << 14, 1 << 14, 1 << 26]))
    scale = scales * np.float32(scale_in)
    bias = draw.bias(model, random, channels, scale, largest) if random.random() < 0.8 else ()
    scale_out = draw.output_scale(random, scale_in, scales, depth)
    result = model.tensor((*shape[:-1], channels), scale=scale_out, zero_point=draw.zero_point(random))
    model.operator("FULLY_CONNECTED", (source, weights, *bias), (result,), options)
    model.output(result)


CASES = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
}
