"""FILL: one value everywhere."""

from __future__ import annotations

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


def _shape(graph: Graph, node: Node) -> tuple[int, ...]:
    return tuple(int(extent) for extent in graph.required(node, 0).constant().reshape(-1))


def one_value(graph: Graph, node: Node) -> str | None:
    """The value is one element of the output's type, and the shape has no extent of 0."""
    value, output, shape = graph.required(node, 1), graph.output(node), _shape(graph, node)
    if value.size == 1 and value.dtype is output.dtype and min(shape, default=1) > 0:
        return None
    return f"{value.dtype.value} {value.shape} for {output.dtype.value} {shape}"


class _Kernel(MoveKernel):
    types = ("bool", "float32", "int16", "int32", "int64", "int8")
    source = 1

    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        return np.broadcast_to(source.reshape(()), _shape(graph, node))


class Fill(Movement):
    """FILL with a constant shape."""

    name = "FILL"
    summary = "A tensor of one value, which may be computed."
    constraints = (moves.constant((0,), "The shape is"), one_value)
    kernels = (_Kernel(),)
    typed_input = 1

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The shape operand."""
        return _shape(graph, node)


OPERATOR = Fill()
