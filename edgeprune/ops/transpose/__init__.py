"""TRANSPOSE: dimensions in another order."""

from __future__ import annotations

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


def _order(graph: Graph, node: Node) -> tuple[int, ...]:
    """For each dimension of the output the input's, counted from the front."""
    rank = len(graph.required(node, 0).shape)
    order = graph.required(node, 1).constant().reshape(-1).tolist()
    return tuple(int(axis) + rank if axis < 0 else int(axis) for axis in order)


def every_axis_once(graph: Graph, node: Node) -> str | None:
    """The permutation names each dimension once."""
    order, rank = _order(graph, node), len(graph.required(node, 0).shape)
    return None if sorted(order) == list(range(rank)) else f"{order} for {rank} dimensions"


class _Kernel(MoveKernel):
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        return source.transpose(_order(graph, node))


class Transpose(Movement):
    """TRANSPOSE with a constant permutation."""

    name = "TRANSPOSE"
    summary = "The dimensions of a tensor in another order."
    constraints = (moves.same_type, moves.constant((1,), "The permutation is"), every_axis_once)
    kernels = (_Kernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's extents in the new order."""
        shape = graph.required(node, 0).shape
        return tuple(shape[axis] for axis in _order(graph, node))


OPERATOR = Transpose()
