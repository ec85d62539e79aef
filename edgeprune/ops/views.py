"""Operators whose output is the input's bytes under another shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import Operator


def same_size(graph: Graph, node: Node) -> str | None:
    """Input and output have equally many elements of the same type."""
    source, output = graph.required(node, 0), graph.output(node)
    if (source.size, source.dtype) == (output.size, output.dtype):
        return None
    return f"{source.size} {source.dtype.value} against {output.size} {output.dtype.value}"


def computed_input(graph: Graph, node: Node) -> str | None:
    """The input is computed at run time, or the output is none of the model's."""
    constant = graph.required(node, 0).is_constant
    return "a constant is an output" if constant and set(node.outputs) & set(graph.outputs) else None


class View(Operator):
    """Of any type; what other inputs say must be in the output's shape."""

    constraints = (same_size, computed_input)
    kernels = ()
    is_view = True

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """As the file says; the number of elements is checked."""
        return graph.output(node).shape

    def evaluate(self, graph: Graph, node: Node) -> tuple[npt.NDArray[np.generic], ...]:
        """The constant under its new shape."""
        return (graph.required(node, 0).constant().reshape(graph.output(node).shape),)
