"""Builds the graph without the channels that go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeprune.graph import OMITTED, DType, Graph, Node, Quantization, Tensor
from edgeprune.optimize.constant_channels.bounds import Values
from edgeprune.optimize.constant_channels.decide import fold
from edgeprune.optimize.constant_channels.groups import Mask, Survey
from edgeprune.optimize.constant_channels.linear import LinearLayer


def without(survey: Survey, gone: tuple[Mask, ...]) -> Graph:
    """A new, checked graph with the same nodes at the same positions.

    Args:
        survey: What is known of the old graph.
        gone: Per tensor the channels that go, as `gone_channels` found them.
    """
    graph = survey.graph
    tensors = [narrowed(tensor, ~mask) for tensor, mask in zip(graph.tensors, gone, strict=True)]
    nodes = []
    for index, node in enumerate(graph.nodes):
        layer = survey.layers.get(index)
        changed = any(gone[i].any() for i in (*node.inputs[:1], *node.outputs[:1]) if i != OMITTED)
        if changed and layer is not None:
            nodes.append(_linear(survey, index, layer, gone, tensors))
        elif changed and node.op == "RESHAPE" and len(node.inputs) > 1:
            nodes.append(reshaped(node, graph, tensors))
        else:
            nodes.append(node)
    return replace(graph, tensors=tuple(tensors), nodes=tuple(nodes)).check()


def narrowed(tensor: Tensor, keep: Mask) -> Tensor:
    """The tensor with those indices of its last axis."""
    if keep.all():
        return tensor
    data = None if tensor.data is None else frozen(tensor.data[..., keep])
    return replace(tensor, shape=(*tensor.shape[:-1], int(keep.sum())), data=data)


def _linear(survey: Survey, index: int, layer: LinearLayer, gone: tuple[Mask, ...], tensors: list[Tensor]) -> Node:
    """The layer with the weights and biases that remain, which are appended to `tensors`."""
    node = survey.graph.nodes[index]
    inputs, outputs = ~gone[node.inputs[0]], ~gone[node.outputs[0]]
    weights, bias = layer.weights, layer.bias
    if layer.mixes and not inputs.all():
        weights, bias = _folded(survey, index, layer, gone)
        weights = weights[:, :, inputs]
    weights, bias = weights[outputs], bias[outputs]
    old = survey.graph.required(node, 1)
    axis = 3 if layer.depthwise else 0
    values = in_file_order(weights, old, layer)
    quantization = selected(old.quantized(), outputs, axis)
    weights_tensor = Tensor(old.name, values.shape, old.dtype, quantization, values)
    tensors += [weights_tensor, bias_tensor(survey.graph, node, bias, outputs)]
    added = (len(tensors) - 2, len(tensors) - 1)
    return replace(node, inputs=(node.inputs[0], *added, *node.inputs[3:]))


def _folded(survey: Survey, index: int, layer: LinearLayer, gone: tuple[Mask, ...]) -> tuple[Values, Values]:
    """Weights and biases with the shares of the channels that go; known outputs need no weights any more."""
    goes = np.zeros(len(survey.pinned), np.bool_)
    for group, mask in zip(survey.group, gone, strict=True):
        goes[group[mask]] = True
    folding = fold(survey, index, layer, goes)
    sums = layer.sums(survey.bounds_of(survey.graph.nodes[index].inputs[0]))
    weights = np.where(folding.settled[:, np.newaxis, np.newaxis], 0, layer.weights)
    return weights, np.where(folding.settled, sums.low[0], layer.bias + folding.shares)


def in_file_order(weights: Values, old: Tensor, layer: LinearLayer) -> npt.NDArray[np.generic]:
    """Weights [outputs, taps, inputs] of a layer, as int8 in the shape that its operator has them in."""
    if layer.depthwise:
        ordered = weights.transpose(2, 1, 0).reshape(*old.shape[:3], -1)
    elif layer.window is not None:
        ordered = weights.reshape(len(weights), *old.shape[1:3], -1)
    else:
        ordered = weights.reshape(len(weights), -1)
    return frozen(ordered.astype(np.int8))


def bias_tensor(graph: Graph, node: Node, bias: Values, outputs: Mask) -> Tensor:
    """A bias like the one of the node, or a new one, for the outputs that stay."""
    values, old = frozen(bias.astype(np.uint32).astype(np.int32)), graph.operand(node, 2)
    if old is not None:
        quantization = None if old.quantization is None else selected(old.quantization, outputs, 0)
        return Tensor(old.name, values.shape, old.dtype, quantization, values)
    weights, scale = graph.required(node, 1), graph.required(node, 0).quantized().scale
    scales = tuple(float(np.float32(scale * s)) for s in weights.quantized().scales)
    all_ = Quantization(scales, (0,) * len(scales))
    return Tensor(f"{weights.name}/bias", values.shape, DType.INT32, selected(all_, outputs, 0), values)


def selected(quantization: Quantization, keep: Mask, axis: int) -> Quantization:
    """The scales of the channels that stay, where there is one for each."""
    if not quantization.per_channel:
        return quantization
    chosen = np.flatnonzero(keep)
    scales = tuple(quantization.scales[i] for i in chosen)
    return Quantization(scales, tuple(quantization.zero_points[i] for i in chosen), axis)


def reshaped(node: Node, graph: Graph, tensors: list[Tensor]) -> Node:
    """RESHAPE with the shape operand that its output has now."""
    shape = frozen(np.array(tensors[node.outputs[0]].shape, np.int32))
    tensors.append(Tensor(graph.required(node, 1).name, shape.shape, DType.INT32, None, shape))
    return replace(node, inputs=(node.inputs[0], len(tensors) - 1))


def frozen(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The values in one piece of memory that nobody can write to."""
    values = np.ascontiguousarray(values)
    values.setflags(write=False)
    return values
