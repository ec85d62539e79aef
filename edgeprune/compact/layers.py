"""Convolutions and dense layers as real-valued matrices, and graphs with other ones in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node, Quantization, Tensor
from edgeprune.ops import geometry
from edgeprune.optimize.constant_channels.groups import Mask
from edgeprune.optimize.constant_channels.rewrite import frozen, narrowed, reshaped, selected
from edgeprune.optimize.constant_channels.windows import Window

Reals = npt.NDArray[np.float64]
_LARGEST_BIAS = float(1 << 30)


@dataclass(frozen=True, eq=False)
class MixingLayer:
    """A layer each of whose outputs may read every input channel.

    Attributes:
        weights: [outputs, taps, inputs], real values.
        bias: [outputs].
        window: None for a dense layer, which has one tap.
    """

    weights: Reals
    bias: Reals
    window: Window | None


def mixing_layer(graph: Graph, node: Node) -> MixingLayer | None:
    """The node as such a layer; None where it is none, or its weights are no constants."""
    if node.op not in {"CONV_2D", "FULLY_CONNECTED"}:
        return None
    source, weights, bias = graph.required(node, 0), graph.required(node, 1), graph.operand(node, 2)
    if not weights.is_constant or not (bias is None or bias.is_constant) or weights.dtype is DType.INT4:
        return None
    inputs, values = source.shape[-1], real_values(weights)
    biases = np.zeros(len(values)) if bias is None else real_bias(graph, node, bias)
    if node.op == "FULLY_CONNECTED":
        return MixingLayer(values[:, np.newaxis], biases, None) if values.shape[1] == inputs else None
    if values.shape[3] != inputs:
        return None  # groups
    options = geometry.convolution_options(node)
    window = Window((values.shape[1], values.shape[2]), options.stride, options.dilation, options.padding)
    return MixingLayer(values.reshape(len(values), -1, inputs), biases, window)


def real_values(tensor: Tensor) -> Reals:
    """A constant's real values."""
    values = tensor.constant().astype(np.float64)
    if tensor.quantization is None or tensor.dtype is DType.FLOAT32:
        return values
    shape = [1] * values.ndim
    if tensor.quantization.per_channel:
        shape[tensor.quantization.axis] = -1
    scales, zeros = np.array(tensor.quantization.scales), np.array(tensor.quantization.zero_points)
    return np.asarray((values - zeros.reshape(shape)) * scales.reshape(shape), np.float64)


def real_bias(graph: Graph, node: Node, bias: Tensor) -> Reals:
    """A bias in real values; int32 biases have the scale input * weights."""
    values = bias.constant().astype(np.float64).reshape(-1)
    if bias.dtype is DType.FLOAT32:
        return values
    scale = graph.required(node, 0).quantized().scale
    return np.asarray(values * scale * np.array(graph.required(node, 1).quantized().scales), np.float64)


def with_layer(graph: Graph, index: int, layer: MixingLayer) -> Graph:
    """The graph with other weights and biases in node `index`, rounded to what the old ones were stored as."""
    node = graph.nodes[index]
    source, old, bias = graph.required(node, 0), graph.required(node, 1), graph.operand(node, 2)
    ordered = layer.weights.reshape(len(layer.weights), *old.shape[1:-1], -1)
    scale_in = 1.0 if source.quantization is None else source.quantization.scale
    float_bias = source.dtype is DType.FLOAT32
    weights = _stored(old, ordered, 0.0 if float_bias else np.abs(layer.bias).max() / scale_in / _LARGEST_BIAS)
    name = f"{old.name}/bias" if bias is None else bias.name
    if float_bias:
        biases = Tensor(name, layer.bias.shape, DType.FLOAT32, None, frozen(layer.bias.astype(np.float32)))
    else:
        scales = np.float32(scale_in) * np.array(weights.quantized().scales, np.float32)
        quantization = Quantization(tuple(float(s) for s in scales), (0,) * len(scales))
        steps = np.rint(layer.bias / (scale_in * np.array(weights.quantized().scales)))
        biases = Tensor(name, layer.bias.shape, DType.INT32, quantization, frozen(steps.astype(np.int32)))
    count = len(graph.tensors)
    nodes = list(graph.nodes)
    nodes[index] = replace(node, inputs=(node.inputs[0], count, count + 1, *node.inputs[3:]))
    return replace(graph, tensors=(*graph.tensors, weights, biases), nodes=tuple(nodes))


def _stored(old: Tensor, values: Reals, least_scale: float) -> Tensor:
    """Real values in the type and by the scheme of the old tensor; output channels lie on axis 0."""
    if old.quantization is None or old.dtype is DType.FLOAT32:
        return replace(old, shape=values.shape, data=frozen(values.astype(np.float32)))
    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    if not old.quantization.per_channel:
        largest = largest.max(keepdims=True)
    scales = np.maximum(np.maximum(largest / 127, least_scale), 1e-12).astype(np.float32)
    shape = (-1, *[1] * (values.ndim - 1))
    steps = np.clip(np.rint(values / scales.astype(np.float64).reshape(shape)), -127, 127)
    quantization = Quantization(tuple(float(s) for s in scales), (0,) * len(scales), 0)
    return Tensor(old.name, values.shape, old.dtype, quantization, frozen(steps.astype(np.int8)))


def without_groups(graph: Graph, group: tuple[npt.NDArray[np.int64], ...], keep: Mask) -> Graph:
    """The graph with those groups of channels only; weights of what stays are unchanged.

    Args:
        graph: The graph that the groups are of.
        group: Per tensor the group of each index of the last axis.
        keep: Per group whether it stays.
    """
    masks = [keep[numbers] for numbers in group]
    tensors = [narrowed(tensor, mask) for tensor, mask in zip(graph.tensors, masks, strict=True)]
    nodes = []
    for node in graph.nodes:
        touched = [i for i in (*node.inputs[:1], *node.outputs[:1]) if i >= 0 and not masks[i].all()]
        if touched and node.op in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
            nodes.append(_narrowed_layer(graph, node, masks[node.inputs[0]], masks[node.outputs[0]], tensors))
        elif touched and node.op == "RESHAPE" and len(node.inputs) > 1:
            nodes.append(reshaped(node, graph, tensors))
        else:
            nodes.append(node)
    return replace(graph, tensors=tuple(tensors), nodes=tuple(nodes)).check()


def _narrowed_layer(graph: Graph, node: Node, inputs: Mask, outputs: Mask, tensors: list[Tensor]) -> Node:
    """A layer with the weights that stay, which are appended to `tensors`."""
    old, bias = graph.required(node, 1), graph.operand(node, 2)
    depthwise = node.op == "DEPTHWISE_CONV_2D"
    data = old.constant()[..., outputs] if depthwise else old.constant()[outputs][..., inputs]
    axis = data.ndim - 1 if depthwise else 0
    quantization = None if old.quantization is None else selected(old.quantization, outputs, axis)
    operands = list(node.inputs)
    tensors.append(replace(old, shape=data.shape, data=frozen(data), quantization=quantization))
    operands[1] = len(tensors) - 1
    if bias is not None:
        values = bias.constant()[outputs]
        quantization = None if bias.quantization is None else selected(bias.quantization, outputs, 0)
        tensors.append(replace(bias, shape=values.shape, data=frozen(values), quantization=quantization))
        operands[2] = len(tensors) - 1
    return replace(node, inputs=tuple(operands))
