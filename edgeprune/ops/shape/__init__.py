"""SHAPE: the extents of a tensor, which are known when the code is generated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import Operator


def not_an_output(graph: Graph, node: Node) -> str | None:
    """The result is not an output of the model; otherwise it is a constant, and no code is made."""
    return "it is one" if set(node.outputs) & set(graph.outputs) else None


class Shape(Operator):
    """SHAPE of a tensor of any type."""

    name = "SHAPE"
    summary = "The extents of a tensor; a constant by the time code is made."
    constraints = (not_an_output,)
    kernels = ()
    is_view = True
    needs_shapes_only = True

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """One extent per dimension."""
        return (len(graph.required(node, 0).shape),)

    def evaluate(self, graph: Graph, node: Node) -> tuple[npt.NDArray[np.generic], ...]:
        """The shape."""
        return (np.array(graph.required(node, 0).shape, graph.output(node).dtype.numpy),)


OPERATOR = Shape()
