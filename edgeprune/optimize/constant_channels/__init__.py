"""Pruning without loss: channels that are constant for every possible input, or that nothing reads, go.

Interval bounds over the quantized graph prove values constant, with the kernels' own
arithmetic.  The share of a constant channel goes into its readers' biases, and the layer
that computes it shrinks.  No retraining, no data: it works on any int8 .tflite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune import ops
from edgeprune.graph import OMITTED, Graph, Node
from edgeprune.optimize.constant_channels.decide import gone_channels
from edgeprune.optimize.constant_channels.groups import Mask, Survey, survey
from edgeprune.optimize.constant_channels.rewrite import without

__all__ = ["ConstantChannels", "Removal", "find", "remove_constant_channels"]


@dataclass(frozen=True, eq=False)
class ConstantChannels:
    """The channels of a tensor whose values do not depend on the model's inputs.

    Attributes:
        tensor: Number of the tensor.
        channels: Indices of its last axis, ascending.
        values: int8, of the tensor's shape with just these channels: a channel may have one
            value inside and another at the borders.
    """

    tensor: int
    channels: tuple[int, ...]
    values: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Removal:
    """What the pass found in a layer and took away from it.

    Attributes:
        layer: Name of the layer, such as `03_conv_2d`.
        channels: Output channels that it had.
        constant: How many of them are provably constant.
        removed: How many of the constant ones went.
        unread: How many others went, because nothing that matters reads them.
        macs: Multiply-accumulates saved, also by input channels that went.
        weight_bytes: Bytes of weights and biases saved.
    """

    layer: str
    channels: int
    constant: int
    removed: int
    unread: int
    macs: int
    weight_bytes: int


def find(graph: Graph) -> tuple[ConstantChannels, ...]:
    """The constant channels of every tensor that is computed and has any."""
    known = survey(graph)
    found = []
    for tensor, bounds in enumerate(known.bounds):
        channels = _constant(known, tensor)
        if bounds is not None and channels.any() and not graph.tensors[tensor].is_constant:
            values = bounds.low[..., channels].astype(np.int8)
            found.append(ConstantChannels(tensor, tuple(np.flatnonzero(channels).tolist()), values))
    return tuple(found)


def remove_constant_channels(
    graph: Graph, multiple: int = 1, any_kernel: bool = False
) -> tuple[Graph, tuple[Removal, ...]]:
    """Remove all channels that can go; every output of the graph stays as it is, bit by bit.

    Args:
        graph: The graph.
        multiple: Of how many channels layers with weights shall have a multiple left, where they
            had so many; kernels may be faster then.
        any_kernel: Whether outputs shall stay with all kernels that run .tflite files, not only with the
            reference ones and ours.

    Returns:
        A graph with the same nodes, and what went from each layer that has constant channels
        or lost any.
    """
    known = survey(graph, any_kernel=any_kernel)
    gone = gone_channels(known, multiple)
    reduced = without(known, gone) if any(mask.any() for mask in gone) else graph
    removals = (_removal(known, reduced, index, gone) for index in range(len(graph.nodes)))
    return reduced, tuple(removal for removal in removals if removal is not None)


def _constant(known: Survey, tensor: int) -> Mask:
    bounds = known.bounds[tensor]
    return np.zeros(0, np.bool_) if bounds is None or bounds.low.ndim == 0 else bounds.constant


def _removal(known: Survey, reduced: Graph, index: int, gone: tuple[Mask, ...]) -> Removal | None:
    graph, node = known.graph, known.graph.nodes[index]
    operator = ops.find(node.op)
    if operator is None or operator.is_view or not node.outputs or node.outputs[0] == OMITTED:
        return None
    constant, leaving = _constant(known, node.outputs[0]), gone[node.outputs[0]]
    macs = ops.layer_macs(graph, node) - ops.layer_macs(reduced, reduced.nodes[index])
    if not (constant.any() or leaving.any() or macs):
        return None
    return Removal(
        layer=graph.layer_name(index),
        channels=len(leaving),
        constant=int(constant.sum()),
        removed=int((constant & leaving).sum()) if len(constant) else 0,
        unread=int((~constant & leaving).sum()) if len(constant) else 0,
        macs=macs,
        weight_bytes=_weight_bytes(graph, node) - _weight_bytes(reduced, reduced.nodes[index]),
    )


def _weight_bytes(graph: Graph, node: Node) -> int:
    return sum(graph.tensors[i].nbytes for i in node.inputs if i != OMITTED and graph.tensors[i].is_constant)
