"""Tames channels that can only give one value: their weights, biases and scales may be anything, and often are.

Training kills channels, and what it leaves of them is extreme: scales next to nothing, biases of
thirty bits.  Fast kernels bound the sums of a whole layer, so that one such channel can lock them
out.  Where the sums of a channel give the same output for every input of the layer, its weights
become zero, its scale that of an ordinary channel, and its bias the smallest that gives that
output.  Nothing is removed; shapes stay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeprune.graph import Graph, Node, Quantization, Tensor
from edgeprune.ops.arithmetic import channel_multipliers, requantize
from edgeprune.optimize.constant_channels.bounds import Bounds, Values
from edgeprune.optimize.constant_channels.groups import Mask
from edgeprune.optimize.constant_channels.linear import KINDS, LinearLayer, linear_layer
from edgeprune.optimize.constant_channels.rewrite import bias_tensor, in_file_order
from edgeprune.optimize.constant_channels.rules import followable

#: Biases are sought within this; any output of a multiplier below 1 has one.
_LARGEST_BIAS = 1 << 30


def settle_channels(graph: Graph) -> Graph:
    """The graph with such channels tamed; the same object where there are none."""
    tensors, nodes = list(graph.tensors), list(graph.nodes)
    for index, node in enumerate(graph.nodes):
        layer = linear_layer(graph, node) if node.op in KINDS and followable(graph, node) else None
        if layer is not None and (settled := _settled(layer)).any():
            nodes[index] = _tamed(graph, node, layer, settled, tensors)
    changed = len(tensors) > len(graph.tensors)
    return replace(graph, tensors=tuple(tensors), nodes=tuple(nodes)) if changed else graph


def _sums(layer: LinearLayer) -> Bounds:
    """Bounds [1, channels] of the sums for any int8 input; taps in the padding add 0, which lies between."""
    low, high = -128 - layer.input_zero_point, 127 - layer.input_zero_point
    ends = layer.weights * low, layer.weights * high
    least, most = np.minimum(*ends).sum(axis=(1, 2)), np.maximum(*ends).sum(axis=(1, 2))
    return Bounds((layer.bias + least)[np.newaxis], (layer.bias + most)[np.newaxis])


def _settled(layer: LinearLayer) -> Mask:
    """Bool [channels]: one output for all sums, and weights that it does not need."""
    outputs = layer.outputs(_sums(layer))
    settled: Mask = np.logical_and(
        (outputs.low == outputs.high)[0], np.abs(layer.weights).sum(axis=(1, 2)) > 0, dtype=np.bool_
    )
    return settled


def _tamed(graph: Graph, node: Node, layer: LinearLayer, settled: Mask, tensors: list[Tensor]) -> Node:
    """The node with new weights and bias, which are appended to `tensors`; channels without a small bias stay."""
    old = graph.required(node, 1)
    quantization = _ordinary_scales(old.quantized(), settled)
    outputs = layer.outputs(_sums(layer)).low[0]
    multipliers = channel_multipliers(
        graph.required(node, 0), replace(old, quantization=quantization), graph.output(node), len(layer.weights)
    )
    mantissas = np.array([m.mantissa for m in multipliers], np.int64)
    shifts = np.array([m.shift for m in multipliers], np.int64)
    if not old.quantized().per_channel:
        mantissas, shifts = layer.mantissas, layer.shifts
    biases = _smallest(layer, mantissas, shifts, outputs)
    exact = np.clip(requantize(biases, mantissas, shifts) + layer.zero_point, *layer.clamp) == outputs
    tamed = settled & exact & (shifts <= 0)
    keep = old.quantized()
    if keep.per_channel:
        scales = np.where(tamed, quantization.scales, keep.scales)
        keep = Quantization(tuple(float(scale) for scale in scales), keep.zero_points, keep.axis)
    weights = in_file_order(np.where(tamed[:, np.newaxis, np.newaxis], 0, layer.weights), old, layer)
    everything = np.ones(len(tamed), np.bool_)
    tensors += [
        replace(old, quantization=keep, data=weights),
        bias_tensor(graph, node, np.where(tamed, biases, layer.bias), everything),
    ]
    return replace(node, inputs=(node.inputs[0], len(tensors) - 2, len(tensors) - 1, *node.inputs[3:]))


def _ordinary_scales(quantization: Quantization, settled: Mask) -> Quantization:
    """The median of the other channels' scales in place of those of settled ones."""
    scales = np.array(quantization.scales)
    if not quantization.per_channel or settled.all():
        return quantization
    usual = float(np.float32(np.median(scales[~settled])))
    chosen = tuple(usual if tame else float(scale) for scale, tame in zip(scales, settled, strict=True))
    return Quantization(chosen, quantization.zero_points, quantization.axis)


def _smallest(layer: LinearLayer, mantissas: Values, shifts: Values, outputs: Values) -> Values:
    """Per channel the bias nearest to 0 whose output is the wanted one, by bisection, as outputs rise with sums."""

    def finish(sums: Values) -> Values:
        raised: Values = np.clip(requantize(sums, mantissas, np.minimum(shifts, 0)) + layer.zero_point, *layer.clamp)
        return raised

    zero = np.zeros(len(outputs), np.int64)
    above = outputs > finish(zero)
    low, high = zero.copy(), np.full(len(outputs), _LARGEST_BIAS, np.int64)
    sign = np.where(above, 1, -1)
    while (high - low > 1).any():
        middle = (low + high) // 2
        reached = sign * finish(sign * middle) >= sign * outputs
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.where(outputs == finish(zero), 0, sign * high)
