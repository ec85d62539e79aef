"""Random int8 networks some of whose channels are constant by construction."""

from __future__ import annotations

from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder

#: How a channel is made constant: its bias is so low that the clamp of ReLU holds it, or so high that
#: another clamp does; or its multiplier is so small that rounding leaves nothing.
WAYS = ("low", "high", "small")


@dataclass
class Planted:
    """A tensor's channels that are constant by construction, each with the same value everywhere."""

    tensor: int
    channels: list[int]


@dataclass
class Network:
    """A model under construction: the tensor computed last, and what was planted.

    Attributes:
        activation: The fused one of all layers; at random where it is None.
    """

    model: ModelBuilder
    random: np.random.Generator
    tensor: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    planted: list[Planted] = field(default_factory=list)
    activation: str | None = None

    def step(self, shape: tuple[int, ...], scale: float | None = None, zero_point: int | None = None) -> int:
        """Add the tensor that the next layer computes."""
        self.shape = shape
        if scale is not None:
            self.scale = float(np.float32(scale))
        if zero_point is not None:
            self.zero_point = zero_point
        return self.model.tensor(shape, scale=self.scale, zero_point=self.zero_point)


def begin(model: ModelBuilder, random: np.random.Generator, shape: tuple[int, ...]) -> Network:
    """A network of one input."""
    scale, zero_point = float(np.float32(random.uniform(0.005, 0.1))), _zero_point(random)
    return Network(model, random, model.input(shape, scale=scale, zero_point=zero_point), shape, scale, zero_point)


def convolution(
    net: Network, channels: int, edge: int, stride: int, padding: str, share: float, unread: bool = False
) -> Network:
    """A CONV_2D some of whose output channels, about `share` of them, are planted.

    With `unread` it has weights of 0 for the input channels in even places.
    """
    values = _weights(net, (channels, edge, edge, net.shape[3]))
    if unread:
        values[..., ::2] = 0
    options = _options(schema.Conv2DOptionsT(), net, stride, padding)
    shape = _slid(net.shape, edge, stride, padding, channels)
    return _linear(net, "CONV_2D", values, 0, options, shape, share)


def depthwise(net: Network, multiplier: int, edge: int, stride: int, padding: str, share: float) -> Network:
    """A DEPTHWISE_CONV_2D, planted likewise."""
    channels = net.shape[3] * multiplier
    options = _options(schema.DepthwiseConv2DOptionsT(), net, stride, padding)
    options.depthMultiplier = multiplier
    values = _weights(net, (1, edge, edge, channels))
    shape = _slid(net.shape, edge, stride, padding, channels)
    return _linear(net, "DEPTHWISE_CONV_2D", values, 3, options, shape, share)


def dense(net: Network, channels: int, share: float) -> Network:
    """A FULLY_CONNECTED over all that there is, planted likewise."""
    depth = int(np.prod(net.shape[1:]))
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = _activation(net)
    shape = (net.shape[0], channels)
    return _linear(net, "FULLY_CONNECTED", _weights(net, (channels, depth)), 0, options, shape, share)


def residual(net: Network, share: float) -> Network:
    """The tensor plus a planted 1x1 convolution of it."""
    model, random = net.model, net.random
    before, shape = net.tensor, net.shape
    convolution(net, shape[3], 1, 1, "SAME", share)
    branch = net.tensor
    options = schema.AddOptionsT()
    options.fusedActivationFunction = _activation(net)
    output = net.step(shape, random.uniform(0.5, 2) * net.scale, _zero_point(random))
    model.operator("ADD", (before, branch), (output,), options)
    net.tensor = output
    return net


def pool(net: Network, name: str, padding: str) -> Network:
    """A 2x2 pooling with stride 2."""
    options = schema.Pool2DOptionsT()
    options.padding, options.fusedActivationFunction = PADDINGS[padding], 0
    options.filterHeight = options.filterWidth = options.strideH = options.strideW = 2
    output = net.step(_slid(net.shape, 2, 2, padding, net.shape[3]))
    net.model.operator(name, (net.tensor,), (output,), options)
    net.tensor = output
    return net


def requantized(net: Network) -> Network:
    """QUANTIZE to another scale."""
    output = net.step(net.shape, net.scale * net.random.uniform(0.5, 2), _zero_point(net.random))
    net.model.operator("QUANTIZE", (net.tensor,), (output,))
    net.tensor = output
    return net


def padded(net: Network) -> Network:
    """PAD by one row below and one column on either side."""
    pairs = net.model.tensor((4, 2), "int32", data=np.array([[0, 0], [0, 1], [1, 1], [0, 0]], np.int32))
    batch, height, width, channels = net.shape
    output = net.step((batch, height + 1, width + 2, channels))
    net.model.operator("PAD", (net.tensor, pairs), (output,))
    net.tensor = output
    return net


def joined(net: Network, share: float) -> Network:
    """The tensor and a planted 1x1 convolution of it side by side, with one scale."""
    before, shape, scale, zero_point = net.tensor, net.shape, net.scale, net.zero_point
    convolution(net, 5, 1, 1, "SAME", share)
    rescaled = net.step(net.shape, scale, zero_point)
    net.model.operator("QUANTIZE", (net.tensor,), (rescaled,))
    options = schema.ConcatenationOptionsT()
    options.axis, options.fusedActivationFunction = -1, 0
    output = net.step((*shape[:3], shape[3] + 5))
    net.model.operator("CONCATENATION", (before, rescaled), (output,), options)
    net.tensor = output
    return net


def scaled(net: Network, share: float) -> Network:
    """The tensor times a planted 1x1 convolution of its mean, as squeezing and exciting does."""
    model, before, shape, scale, zero_point = net.model, net.tensor, net.shape, net.scale, net.zero_point
    axes = model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    options = schema.ReducerOptionsT()
    options.keepDims = True
    pooled = net.step((shape[0], 1, 1, shape[3]))
    model.operator("MEAN", (before, axes), (pooled,), options)
    net.tensor = pooled
    convolution(net, shape[3], 1, 1, "SAME", share)
    looked_up(net, "LOGISTIC")
    product = schema.MulOptionsT()
    product.fusedActivationFunction = _activation(net)
    gates = net.tensor
    output = net.step(shape, scale * net.random.uniform(0.3, 1), zero_point)
    model.operator("MUL", (before, gates), (output,), product)
    net.tensor = output
    return net


def looked_up(net: Network, name: str) -> Network:
    """A function of single values."""
    if name == "LOGISTIC":
        output = net.step(net.shape, 1 / 256, -128)
    elif name == "LEAKY_RELU":
        output = net.step(net.shape, net.scale * net.random.uniform(0.5, 1.5), _zero_point(net.random))
    else:
        output = net.step(net.shape)
    options = None
    if name == "LEAKY_RELU":
        options = schema.LeakyReluOptionsT()
        options.alpha = float(net.random.uniform(-0.5, 0.5))
    net.model.operator(name, (net.tensor,), (output,), options)
    net.tensor = output
    return net


def greater(net: Network) -> Network:
    """The greater of each value and a constant of its channel."""
    values = net.random.integers(-128, 128, net.shape[-1:], dtype=np.int8)
    constant = net.model.tensor(values.shape, scale=net.scale, zero_point=net.zero_point, data=values)
    output = net.step(net.shape)
    net.model.operator("MAXIMUM", (net.tensor, constant), (output,), schema.MaximumMinimumOptionsT())
    net.tensor = output
    return net


def averaged(net: Network) -> Network:
    """MEAN over height and width."""
    axes = net.model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    output = net.step((net.shape[0], net.shape[3]), net.scale * net.random.uniform(0.3, 1), _zero_point(net.random))
    net.model.operator("MEAN", (net.tensor, axes), (output,), schema.ReducerOptionsT())
    net.tensor = output
    return net


def flattened(net: Network) -> Network:
    """RESHAPE to one row an image."""
    shape = (net.shape[0], int(np.prod(net.shape[1:])))
    target = net.model.tensor((2,), "int32", data=np.array(shape, np.int32))
    output = net.step(shape)
    options = schema.ReshapeOptionsT()
    options.newShape = list(shape)
    net.model.operator("RESHAPE", (net.tensor, target), (output,), options)
    net.tensor = output
    return net


def _zero_point(random: np.random.Generator) -> int:
    return int(random.choice([-128, 127, 0, random.integers(-128, 128)]))


def _activation(net: Network) -> int:
    return ACTIVATIONS[net.activation or str(net.random.choice(list(ACTIVATIONS)))]


def _weights(net: Network, shape: tuple[int, ...]) -> np.ndarray:
    return net.random.integers(-127, 128, shape, dtype=np.int8)


def _options(options: object, net: Network, stride: int, padding: str) -> object:
    options.padding, options.fusedActivationFunction = PADDINGS[padding], _activation(net)
    options.strideH = options.strideW = stride
    options.dilationHFactor = options.dilationWFactor = 1
    return options


def _slid(shape: tuple[int, ...], edge: int, stride: int, padding: str, channels: int) -> tuple[int, ...]:
    reach = edge - 1 if padding == "VALID" else 0
    return (shape[0], *(-(-(extent - reach) // stride) for extent in shape[1:3]), channels)


def _linear(
    net: Network, name: str, values: np.ndarray, axis: int, options: object, shape: tuple[int, ...], share: float
) -> Network:
    """Append a layer with weights; planted channels get a bias or a scale that makes them constant."""
    random, channels = net.random, values.shape[axis]
    scales = random.uniform(0.004, 0.02, channels).astype(np.float32)
    depth = values.size // channels
    scale = float(np.float32(net.scale * 0.012 * 70 * 100 * np.sqrt(depth) / 127 * random.uniform(0.3, 2)))
    bias = random.normal(0, 3000 * np.sqrt(depth), channels).astype(np.int64)
    chosen = np.flatnonzero(random.random(channels) < share)
    for channel in chosen:
        way = random.choice(WAYS)
        if way == "small":
            scales[channel] = 1e-9 * random.uniform(1, 9)
        else:
            beyond = 300 * scale / (net.scale * scales[channel]) + 255 * 127 * depth
            bias[channel] = (1 if way == "high" else -1) * min(beyond * random.uniform(1, 2), 2e9)
    kernel = net.model.tensor(values.shape, "int8", scales, 0, axis, values)
    offset = net.model.tensor((channels,), "int32", scales * np.float32(net.scale), 0, 0, bias.astype(np.int32))
    source = net.tensor
    net.tensor = net.step(shape, scale, _zero_point(random))
    net.model.operator(name, (source, kernel, offset), (net.tensor,), options)
    net.planted.append(Planted(net.tensor, chosen.tolist()))
    return net


def plant_in(content: bytes, random: np.random.Generator, share: float) -> bytes:
    """The model with about `share` of the channels of each convolution made constant, by biases as low as that takes.

    Without a clamp such as ReLU a channel need not be constant then.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    convolutions = {schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D}
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) in convolutions:
            buffer = model.buffers[graph.tensors[operator.inputs[2]].buffer]
            bias = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), "<i4").copy()
            depth = np.prod(graph.tensors[operator.inputs[1]].shape) // len(bias)
            bias[random.random(len(bias)) < share] = -255 * 127 * depth
            buffer.data = np.frombuffer(bias.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
