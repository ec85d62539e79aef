"""Whole int8 networks with random weights, made without TensorFlow: two that are known, and small ones at random.

Output scales follow from the weights, so that activations spread over the int8 range layer
after layer as they do in trained networks, instead of dying out or saturating.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder

Random = np.random.Generator
#: Standard deviation that the outputs of a layer are given, in steps of int8.
_SPREAD = 50.0


@dataclass(frozen=True)
class Value:
    """A tensor while a network is built: number, shape [1, h, w, c] or [1, n], scale, zero point."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int


class Network:
    """Appends layers to a model."""

    def __init__(self, model: ModelBuilder, random: Random) -> None:
        self.model, self.random = model, random

    def input(self, shape: tuple[int, ...], scale: float = 1 / 128, zero_point: int = 0) -> Value:
        """A model input."""
        return Value(
            self.model.input(shape, scale=scale, zero_point=zero_point), shape, float(np.float32(scale)), zero_point
        )

    def output(self, value: Value) -> None:
        """A model output."""
        self.model.output(value.index)

    def _parameters(self, shape: tuple[int, ...], axis: int, scale_in: float) -> tuple[int, int, float]:
        """Weights, bias, and the spread that the products give to a real output."""
        random, channels = self.random, shape[axis]
        scales = (0.004 * np.exp(random.uniform(-0.7, 0.7, channels))).astype(np.float32)
        values = np.clip(random.normal(0, 45, shape), -127, 127).astype(np.int8)
        depth = values.size // channels
        bias = (random.normal(0.2, 1, channels) * 45 * 60 * np.sqrt(depth)).astype(np.int32)
        weights = self.model.tensor(shape, "int8", scales, 0, axis, values)
        constants = self.model.tensor((channels,), "int32", scales * np.float32(scale_in), 0, 0, bias)
        return weights, constants, 0.004 * scale_in * 45 * 60 * np.sqrt(depth)

    def _result(self, shape: tuple[int, ...], spread: float, activation: str) -> Value:
        zero = -128 if activation != "NONE" else int(self.random.integers(-20, 20))
        scale = float(np.float32(1.5 * spread / _SPREAD))
        return Value(self.model.tensor(shape, scale=scale, zero_point=zero), shape, scale, zero)

    def conv(
        self, source: Value, channels: int, window: tuple[int, int] = (1, 1), stride: int = 1,
        padding: str = "SAME", activation: str = "RELU",
    ) -> Value:  # fmt: skip
        """CONV_2D."""
        options = schema.Conv2DOptionsT()
        shape = (channels, *window, source.shape[3])
        return self._sliding("CONV_2D", options, source, shape, 0, stride, padding, activation)

    def depthwise(
        self, source: Value, window: tuple[int, int] = (3, 3), stride: int = 1,
        padding: str = "SAME", activation: str = "RELU",
    ) -> Value:  # fmt: skip
        """DEPTHWISE_CONV_2D with multiplier 1."""
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
        shape = (1, *window, source.shape[3])
        return self._sliding("DEPTHWISE_CONV_2D", options, source, shape, 3, stride, padding, activation)

    def _sliding(
        self, name: str, options: object, source: Value, shape: tuple[int, ...], axis: int, stride: int,
        padding: str, activation: str,
    ) -> Value:  # fmt: skip
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.padding, options.fusedActivationFunction = PADDINGS[padding], ACTIVATIONS[activation]
        weights, bias, spread = self._parameters(shape, axis, source.scale)
        size = [
            -(-s // stride) if padding == "SAME" else (s - w) // stride + 1
            for s, w in zip(source.shape[1:3], shape[1:3], strict=True)
        ]
        result = self._result((1, *size, shape[axis]), spread, activation)
        self.model.operator(name, (source.index, weights, bias), (result.index,), options)
        return result

    def dense(self, source: Value, channels: int, activation: str = "NONE") -> Value:
        """FULLY_CONNECTED of [1, n], with one scale for all weights."""
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = ACTIVATIONS[activation]
        depth = source.shape[1]
        values = np.clip(self.random.normal(0, 45, (channels, depth)), -127, 127).astype(np.int8)
        bias = (self.random.normal(0.2, 1, channels) * 45 * 60 * np.sqrt(depth)).astype(np.int32)
        weights = self.model.tensor((channels, depth), "int8", 0.004, data=values)
        constants = self.model.tensor((channels,), "int32", 0.004 * source.scale, data=bias)
        result = self._result((1, channels), 0.004 * source.scale * 45 * 60 * np.sqrt(depth), activation)
        self.model.operator("FULLY_CONNECTED", (source.index, weights, constants), (result.index,), options)
        return result

    def add(self, first: Value, second: Value, activation: str = "NONE") -> Value:
        """ADD of equal shapes."""
        options = schema.AddOptionsT()
        options.fusedActivationFunction = ACTIVATIONS[activation]
        result = self._result(first.shape, (first.scale + second.scale) * 40, activation)
        self.model.operator("ADD", (first.index, second.index), (result.index,), options)
        return result

    def pool(self, source: Value, kind: str, window: int, stride: int, padding: str = "VALID") -> Value:
        """AVERAGE_POOL_2D or MAX_POOL_2D."""
        options = schema.Pool2DOptionsT()
        options.padding, options.fusedActivationFunction = PADDINGS[padding], 0
        options.strideH = options.strideW = stride
        options.filterHeight = options.filterWidth = window
        size = [-(-s // stride) if padding == "SAME" else (s - window) // stride + 1 for s in source.shape[1:3]]
        return self._like(source, kind, (source.index,), (1, *size, source.shape[3]), options)

    def mean(self, source: Value) -> Value:
        """MEAN over height and width."""
        axes = self.model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
        return self._like(source, "MEAN", (source.index, axes), (1, source.shape[3]), schema.ReducerOptionsT())

    def flatten(self, source: Value) -> Value:
        """RESHAPE to [1, n]."""
        shape = (1, int(np.prod(source.shape)))
        table = self.model.tensor((2,), "int32", data=np.array(shape, np.int32))
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        return self._like(source, "RESHAPE", (source.index, table), shape, options)

    def pad(self, source: Value) -> Value:
        """PAD of height and width by one."""
        around = self.model.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        shape = (1, source.shape[1] + 2, source.shape[2] + 2, source.shape[3])
        return self._like(source, "PAD", (source.index, around), shape, schema.PadOptionsT())

    def softmax(self, source: Value) -> Value:
        """SOFTMAX with its fixed output scale."""
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        index = self.model.tensor(source.shape, scale=1 / 256, zero_point=-128)
        self.model.operator("SOFTMAX", (source.index,), (index,), options)
        return Value(index, source.shape, 1 / 256, -128)

    def _like(
        self, source: Value, name: str, inputs: tuple[int, ...], shape: tuple[int, ...], options: object
    ) -> Value:
        """An operator whose output has its input's scale."""
        index = self.model.tensor(shape, scale=source.scale, zero_point=source.zero_point)
        self.model.operator(name, inputs, (index,), options)
        return Value(index, shape, source.scale, source.zero_point)


def mobilenet(seed: int = 0) -> bytes:
    """MobileNetV1 0.25, 96x96x3, 2 classes: the person detector of MLPerf Tiny, 7.49 M MACs."""
    model = ModelBuilder()
    net = Network(model, np.random.default_rng(seed))
    value = net.conv(net.input((1, 96, 96, 3)), 8, (3, 3), 2, activation="RELU")
    for channels, stride in [
        (16, 1),
        (32, 2),
        (32, 1),
        (64, 2),
        (64, 1),
        (128, 2),
        *[(128, 1)] * 5,
        (256, 2),
        (256, 1),
    ]:
        value = net.conv(net.depthwise(value, stride=stride, activation="RELU"), channels, activation="RELU")
    net.output(net.softmax(net.dense(net.flatten(net.pool(value, "AVERAGE_POOL_2D", 3, 3)), 2)))
    return model.build()


def autoencoder(seed: int = 0) -> bytes:
    """640-128-128-128-128-8-128-128-128-128-640: the anomaly detector of MLPerf Tiny, 0.264 M MACs."""
    model = ModelBuilder()
    net = Network(model, np.random.default_rng(seed))
    value = net.input((1, 640))
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        value = net.dense(value, width, "RELU")
    net.output(net.dense(value, 640))
    return model.build()


def random_network(model: ModelBuilder, random: Random) -> None:
    """Append a small classifier of two to seven layers, some of them with a branch."""
    net = Network(model, random)
    size = tuple(int(v) for v in random.integers(4, 13, 2))
    value = net.input((1, *size, int(random.choice([1, 2, 3, 4, 8]))), 1 / 100, int(random.integers(-128, 128)))
    for _ in range(int(random.integers(2, 8))):
        value = _STEPS[int(random.integers(len(_STEPS)))](net, value)
    ends: list[Callable[[Value], Value]] = [net.mean, net.flatten]
    value = net.dense(ends[int(random.integers(2))](value), int(random.integers(2, 12)))
    net.output(net.softmax(value) if random.random() < 0.5 else value)


def _activation(random: Random) -> str:
    return str(random.choice(["NONE", "RELU", "RELU6"]))


def _channels(random: Random) -> int:
    return int(random.choice([3, 4, 7, 8, 12, 16, 20]))


def _conv_step(net: Network, value: Value) -> Value:
    random = net.random
    window = tuple(int(v) for v in random.choice([1, 1, 3, 3, 5], 2))
    return net.conv(value, _channels(random), window, int(random.integers(1, 3)), "SAME", _activation(random))


def _pointwise_step(net: Network, value: Value) -> Value:
    return net.conv(value, _channels(net.random), activation=_activation(net.random))


def _depthwise_step(net: Network, value: Value) -> Value:
    return net.depthwise(value, (3, 3), int(net.random.integers(1, 3)), "SAME", _activation(net.random))


def _residual_step(net: Network, value: Value) -> Value:
    branch = net.conv(value, value.shape[3], (3, 3), activation="RELU")
    return net.add(value, net.conv(branch, value.shape[3], activation="NONE"), _activation(net.random))


def _pool_step(net: Network, value: Value) -> Value:
    kind = str(net.random.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
    return net.pool(value, kind, 2, 1 if min(value.shape[1:3]) < 4 else 2, "SAME")


def _pad_step(net: Network, value: Value) -> Value:
    return net.conv(net.pad(value), _channels(net.random), (3, 3), 1, "VALID", _activation(net.random))


_STEPS = (_conv_step, _pointwise_step, _depthwise_step, _residual_step, _pool_step, _pad_step)
