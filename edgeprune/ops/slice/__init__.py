"""SLICE: a block of a tensor."""

from __future__ import annotations

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


def _bounds(graph: Graph, node: Node) -> tuple[tuple[int, int], ...]:
    """(first index, one behind the last) per dimension; a size of -1 reaches to the end."""
    starts, sizes = (graph.required(node, i).constant().reshape(-1).tolist() for i in (1, 2))
    shape = graph.required(node, 0).shape
    return tuple(
        (int(start), extent if size == -1 else int(start + size))
        for start, size, extent in zip(starts, sizes, shape, strict=True)
    )


def inside_the_input(graph: Graph, node: Node) -> str | None:
    """The block lies within the input and holds at least one element."""
    shape = graph.required(node, 0).shape
    if any(graph.required(node, i).size != len(shape) for i in (1, 2)):
        return f"begin and size have not one number for each of {len(shape)} dimensions"
    bounds = _bounds(graph, node)
    if all(0 <= start < end <= extent for (start, end), extent in zip(bounds, shape, strict=True)):
        return None
    return f"{list(bounds)} of {shape}"


class _Kernel(MoveKernel):
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        return source[tuple(slice(start, end) for start, end in _bounds(graph, node))]


class Slice(Movement):
    """SLICE with constant begin and size."""

    name = "SLICE"
    summary = "A block of a tensor."
    constraints = (moves.same_type, moves.constant((1, 2), "Begin and size are"), inside_the_input)
    kernels = (_Kernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The block's extents."""
        return tuple(end - start for start, end in _bounds(graph, node))


OPERATOR = Slice()
