"""A small int8 classifier of every kind of layer that real ones have, made without TensorFlow."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.tflite_model import ModelBuilder

CLASSES = 4
INPUT_SHAPE = (8, 8, 1)


def small_model(seed: int = 0, channels: int = 8, edge: int = 8) -> bytes:
    """conv, depthwise, pointwise, add, mean, dense, softmax; the input is [1, edge, edge, 1]."""
    random = np.random.default_rng(seed)
    model = ModelBuilder()
    source = model.input((1, edge, edge, 1), scale=1 / 255, zero_point=-128)
    half = -(-edge // 2)
    shape = (1, half, half, channels)

    def weights(shape: tuple[int, ...], axis: int, scale_in: float) -> tuple[int, int]:
        scales = random.uniform(0.005, 0.02, shape[axis]).astype(np.float32)
        values = random.integers(-127, 128, shape, dtype=np.int8)
        bias = random.integers(-500, 500, shape[axis]).astype(np.int32)
        kernel = model.tensor(shape, "int8", scales, 0, axis, values)
        return kernel, model.tensor((shape[axis],), "int32", scales * np.float32(scale_in), 0, 0, bias)

    convolution = schema.Conv2DOptionsT()
    convolution.padding, convolution.fusedActivationFunction = 0, 1
    convolution.strideH = convolution.strideW = 2
    convolution.dilationHFactor = convolution.dilationWFactor = 1
    stem = model.tensor(shape, scale=0.02, zero_point=-128)
    model.operator("CONV_2D", (source, *weights((channels, 3, 3, 1), 0, 1 / 255)), (stem,), convolution)

    depthwise = schema.DepthwiseConv2DOptionsT()
    depthwise.padding, depthwise.fusedActivationFunction, depthwise.depthMultiplier = 0, 1, 1
    depthwise.strideH = depthwise.strideW = depthwise.dilationHFactor = depthwise.dilationWFactor = 1
    spatial = model.tensor(shape, scale=0.04, zero_point=-128)
    model.operator("DEPTHWISE_CONV_2D", (stem, *weights((1, 3, 3, channels), 3, 0.02)), (spatial,), depthwise)

    pointwise = schema.Conv2DOptionsT()
    pointwise.padding = pointwise.fusedActivationFunction = 0
    pointwise.strideH = pointwise.strideW = pointwise.dilationHFactor = pointwise.dilationWFactor = 1
    mixed = model.tensor(shape, scale=0.1, zero_point=3)
    model.operator("CONV_2D", (spatial, *weights((channels, 1, 1, channels), 0, 0.04)), (mixed,), pointwise)

    total = model.tensor(shape, scale=0.12, zero_point=-5)
    model.operator("ADD", (stem, mixed), (total,), schema.AddOptionsT())

    axes = model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    pooled = model.tensor((1, channels), scale=0.1, zero_point=-2)
    model.operator("MEAN", (total, axes), (pooled,), schema.ReducerOptionsT())

    logits = model.tensor((1, CLASSES), scale=0.2, zero_point=1)
    dense = weights((CLASSES, channels), 0, 0.1)
    model.operator("FULLY_CONNECTED", (pooled, *dense), (logits,), schema.FullyConnectedOptionsT())

    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    scores = model.tensor((1, CLASSES), scale=1 / 256, zero_point=-128)
    model.operator("SOFTMAX", (logits,), (scores,), softmax)
    model.output(scores)
    return model.build()


def float_model() -> bytes:
    """One float32 dense layer."""
    model = ModelBuilder()
    source = model.input((1, 4), "float32")
    kernel = model.tensor((2, 4), "float32", data=np.ones((2, 4), np.float32))
    result = model.tensor((1, 2), "float32")
    model.operator("FULLY_CONNECTED", (source, kernel), (result,), schema.FullyConnectedOptionsT())
    model.output(result)
    return model.build()


def odd_float_model() -> bytes:
    """An operator that no microcontroller target has for float32: DEQUANTIZE of what is not quantized."""
    model = ModelBuilder()
    source, result = model.input((1, 4), "float32"), model.tensor((1, 4), "float32")
    model.operator("DEQUANTIZE", (source,), (result,), schema.DequantizeOptionsT())
    model.output(result)
    return model.build()


def unsupported_model() -> bytes:
    """An int8 model with an operator that no microcontroller target has."""
    model = ModelBuilder()
    source = model.input((1, 4), scale=0.1, zero_point=0)
    result = model.tensor((1, 4), scale=1 / 256, zero_point=-128)
    model.operator("SIN", (source,), (result,))
    model.output(result)
    return model.build()
