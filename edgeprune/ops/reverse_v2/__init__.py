"""REVERSE_V2: elements in reverse order along some dimensions."""

from __future__ import annotations

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


def _axes(graph: Graph, node: Node) -> tuple[int, ...]:
    return tuple(int(axis) for axis in graph.required(node, 1).constant().reshape(-1))


def axes_of_the_input(graph: Graph, node: Node) -> str | None:
    """Axes are dimensions of the input."""
    rank = len(graph.required(node, 0).shape)
    return next(filter(None, (moves.axis_within(axis, rank) for axis in _axes(graph, node))), None)


class _Kernel(MoveKernel):
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        return np.flip(source, _axes(graph, node))


class Reverse(Movement):
    """REVERSE_V2 with constant axes."""

    name = "REVERSE_V2"
    summary = "Elements in reverse order along some dimensions."
    constraints = (moves.same_type, moves.constant((1,), "The axes are"), axes_of_the_input)
    kernels = (_Kernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Reverse()
