"""BROADCAST_TO: a tensor repeated along dimensions where it has one element."""

from __future__ import annotations

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


def _shape(graph: Graph, node: Node) -> tuple[int, ...]:
    return tuple(int(extent) for extent in graph.required(node, 1).constant().reshape(-1))


def broadcastable(graph: Graph, node: Node) -> str | None:
    """The input's extents are the shape's or 1, and the shape has no extent of 0."""
    source, shape = graph.required(node, 0).shape, _shape(graph, node)
    missing = len(shape) - len(source)
    fits = missing >= 0 and all(have in {1, want} for have, want in zip(source, shape[missing:], strict=True))
    return None if fits and min(shape, default=1) > 0 else f"{source} to {shape}"


class _Kernel(MoveKernel):
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        return np.broadcast_to(source, _shape(graph, node))


class BroadcastTo(Movement):
    """BROADCAST_TO with a constant shape."""

    name = "BROADCAST_TO"
    summary = "A tensor repeated along dimensions where it has one element."
    constraints = (moves.same_type, moves.constant((1,), "The shape is"), broadcastable)
    kernels = (_Kernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The shape operand."""
        return _shape(graph, node)


OPERATOR = BroadcastTo()
