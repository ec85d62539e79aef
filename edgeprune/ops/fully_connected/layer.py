"""What the kernels of FULLY_CONNECTED ask of a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, channel_multipliers, tensor_multiplier


@dataclass(frozen=True)
class FullyConnectedOptions:
    """Options of FULLY_CONNECTED."""

    activation: str
    keep_dimensions: bool


def dense_options(node: Node) -> FullyConnectedOptions:
    """The node's options, typed."""
    return cast(FullyConnectedOptions, node.options)


def sizes(graph: Graph, node: Node) -> tuple[int, int, int]:
    """(rows, depth, channels)."""
    channels, depth = graph.required(node, 1).shape
    return graph.required(node, 0).size // depth, depth, channels


def multipliers(graph: Graph, node: Node) -> tuple[Multiplier, ...]:
    """One multiplier per output channel."""
    tensors = graph.required(node, 0), graph.required(node, 1), graph.output(node)
    channels = tensors[1].shape[0]
    if tensors[1].quantized().per_channel:
        return channel_multipliers(*tensors, channels)
    return (tensor_multiplier(*tensors),) * channels
