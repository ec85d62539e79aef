"""SPLIT_V: a tensor cut into parts of given sizes along a dimension."""

from __future__ import annotations

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, SplitKernel


def _axis(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    return int(graph.required(node, 2).constant().reshape(-1)[0]) % len(graph.required(node, 0).shape)


def _sizes(graph: Graph, node: Node) -> tuple[int, ...]:
    """Extent of each part along the axis; -1 takes what the others leave."""
    given = [int(size) for size in graph.required(node, 1).constant().reshape(-1)]
    left = graph.required(node, 0).shape[_axis(graph, node)] - sum(size for size in given if size >= 0)
    return tuple(left if size == -1 else size for size in given)


def axis_of_the_input(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the input."""
    return moves.axis_within(int(graph.required(node, 2).constant().reshape(-1)[0]), len(graph.required(node, 0).shape))


def parts_that_fit(graph: Graph, node: Node) -> str | None:
    """The sizes, of which one may be -1, are the outputs' and sum up to the input's, and none is 0."""
    sizes, axis, source = _sizes(graph, node), _axis(graph, node), graph.required(node, 0)
    if min(sizes) <= 0 or sum(sizes) != source.shape[axis] or len(sizes) != len(node.outputs):
        return f"{sizes} of {source.shape[axis]}"
    for place, size in enumerate(sizes):
        output = graph.output(node, place)
        if output.shape != (*source.shape[:axis], size, *source.shape[axis + 1 :]) or output.dtype is not source.dtype:
            return f"output {place} is {output.dtype.value} {output.shape}"
    return None


class _Kernel(SplitKernel):
    types = ("float32", "int16", "int32", "int64", "int8", "uint8")

    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        return moves.parts_along(_axis(graph, node), [graph.output(node, i) for i in range(len(node.outputs))])


class SplitV(base.Operator):
    """SPLIT_V with constant sizes and axis."""

    name = "SPLIT_V"
    summary = "A tensor cut into parts of given sizes along a dimension."
    constraints = (moves.constant((1, 2), "Sizes and axis are"), axis_of_the_input, parts_that_fit)
    kernels = (_Kernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The first part's."""
        axis, shape = _axis(graph, node), graph.required(node, 0).shape
        return (*shape[:axis], _sizes(graph, node)[0], *shape[axis + 1 :])

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constant's parts."""
        cuts = np.cumsum(_sizes(graph, node))[:-1]
        return tuple(np.split(graph.required(node, 0).constant(), cuts, _axis(graph, node)))


OPERATOR = SplitV()
