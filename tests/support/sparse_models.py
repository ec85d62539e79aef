"""Float networks with zeros in their 1x1 convolutions, in every way of padding that converters write."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder


@dataclass
class FloatNetwork:
    """A network in the making; `value` is the tensor that the next layer reads."""

    shape: tuple[int, int, int]
    share: float = 0.8
    model: ModelBuilder = field(default_factory=ModelBuilder)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))

    def __post_init__(self) -> None:
        self.value = self.model.input((1, *self.shape), "float32")

    def extents(self) -> tuple[int, ...]:
        return tuple(self.model.graph.tensors[self.value].shape)

    def constant(self, values: np.ndarray, dtype: str = "float32") -> int:
        return self.model.tensor(values.shape, dtype, data=values)

    def weights(self, *shape: int) -> np.ndarray:
        return self.random.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)

    def pad(self, before: int, after: int) -> FloatNetwork:
        _, height, width, channels = self.extents()
        table = self.constant(np.array([[0, 0], [before, after], [before, after], [0, 0]]), "int32")
        more = before + after
        result = self.model.tensor((1, height + more, width + more, channels), "float32")
        self.model.operator("PAD", (self.value, table), (result,), schema.PadOptionsT())
        self.value = result
        return self

    def convolution(self, channels: int, edge: int = 1, stride: int = 1, padding: str = "SAME") -> FloatNetwork:
        """With zeros in blocks of four outputs where it is a 1x1 convolution."""
        weights = self.weights(channels, edge, edge, self.extents()[-1])
        if edge == 1:
            kept = self.random.random((channels // 4, self.extents()[-1])) >= self.share
            weights *= np.repeat(kept, 4, axis=0)[:, None, None]
        return self.layer("CONV_2D", weights, channels, edge, stride, padding, schema.Conv2DOptionsT())

    def depthwise(self, edge: int = 3, stride: int = 1, padding: str = "SAME") -> FloatNetwork:
        channels, options = self.extents()[-1], schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
        weights = self.random.normal(0, 1 / edge, (1, edge, edge, channels)).astype(np.float32)
        return self.layer("DEPTHWISE_CONV_2D", weights, channels, edge, stride, padding, options)

    def layer(self, name, weights, channels, edge, stride, padding, options) -> FloatNetwork:
        _, height, width, _ = self.extents()
        shrink = 0 if padding == "SAME" else edge - 1
        output = (1, -(-(height - shrink) // stride), -(-(width - shrink) // stride), channels)
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.padding = PADDINGS[padding]
        options.fusedActivationFunction = ACTIVATIONS["RELU" if edge == 1 else "NONE"]
        result, bias = self.model.tensor(output, "float32"), self.constant(self.random.random(channels))
        self.model.operator(name, (self.value, self.constant(weights), bias), (result,), options)
        self.value = result
        return self

    def mean(self) -> FloatNetwork:
        options, channels = schema.ReducerOptionsT(), self.extents()[-1]
        options.keepDims = False
        result = self.model.tensor((1, channels), "float32")
        self.model.operator("MEAN", (self.value, self.constant(np.array([1, 2]), "int32")), (result,), options)
        self.value = result
        return self

    def dense(self, outputs: int = 5) -> FloatNetwork:
        weights = self.constant(self.weights(outputs, self.extents()[-1]))
        result = self.model.tensor((1, outputs), "float32")
        self.model.operator("FULLY_CONNECTED", (self.value, weights), (result,), schema.FullyConnectedOptionsT())
        self.value = result
        return self

    def build(self) -> bytes:
        self.model.output(self.value)
        return self.model.build()


def small_mobilenet(shape: tuple[int, int, int] = (24, 24, 3), share: float = 0.8, edge: int = 3) -> FloatNetwork:
    """As converters write Keras's MobileNet: SAME everywhere; up to its mean."""
    net = FloatNetwork(shape, share).convolution(8, 3, 2).depthwise().convolution(64)
    return net.depthwise(edge, 2).convolution(64).mean()
