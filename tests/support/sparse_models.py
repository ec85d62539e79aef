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

    def convolution(
        self, channels: int, edge: int = 1, stride: int = 1, padding: str = "SAME", share: float | None = None
    ) -> FloatNetwork:
        """With zeros in blocks of four outputs where it is a 1x1 convolution."""
        share = self.share if share is None else share
        weights = self.weights(channels, edge, edge, self.extents()[-1])
        if edge == 1:
            kept = self.random.random((channels // 4, self.extents()[-1])) >= share
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

    def mean(self, keep: bool = False) -> FloatNetwork:
        options, channels = schema.ReducerOptionsT(), self.extents()[-1]
        options.keepDims = keep
        result = self.model.tensor((1, 1, 1, channels) if keep else (1, channels), "float32")
        self.model.operator("MEAN", (self.value, self.constant(np.array([1, 2]), "int32")), (result,), options)
        self.value = result
        return self

    def arithmetic(self, name: str, other: int, activation: str = "NONE") -> FloatNetwork:
        """ADD or MUL of the value and another one of its shape, or that is stretched to it."""
        options = {"ADD": schema.AddOptionsT, "MUL": schema.MulOptionsT}[name]()
        options.fusedActivationFunction = ACTIVATIONS[activation]
        shapes = self.extents(), tuple(self.model.graph.tensors[other].shape)
        result = self.model.tensor(max(shapes, key=np.prod), "float32")
        self.model.operator(name, (self.value, other), (result,), options)
        self.value = result
        return self

    def excited(self) -> FloatNetwork:
        """Each channel by a factor that its mean decides about, as in MobileNetV3."""
        trunk, channels = self.value, self.extents()[-1]
        self.mean(keep=True).convolution(16).convolution(channels)
        self.arithmetic("ADD", self.constant(np.array(3.0)), "RELU6")
        return self.arithmetic("MUL", self.constant(np.array(1 / 6))).arithmetic("MUL", trunk)

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
