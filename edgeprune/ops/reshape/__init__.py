"""RESHAPE: the same bytes under another shape."""

from __future__ import annotations

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import Operator


def same_size(graph: Graph, node: Node) -> str | None:
    """Input and output have equally many elements of the same type."""
    source, output = graph.required(node, 0), graph.output(node)
    if (source.size, source.dtype) == (output.size, output.dtype):
        return None
    return f"{source.size} {source.dtype.value} against {output.size} {output.dtype.value}"


def computed_input(graph: Graph, node: Node) -> str | None:
    """The input is computed at run time."""
    return "it is constant" if graph.required(node, 0).is_constant else None


class Reshape(Operator):
    """RESHAPE of any type; needs no code and no copy."""

    name = "RESHAPE"
    summary = "Another shape for the same bytes; costs nothing."
    constraints = (same_size, computed_input)
    kernels = ()
    is_view = True

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """As the file says; the number of elements is checked."""
        return graph.output(node).shape


OPERATOR = Reshape()
