"""READ_VARIABLE: a state's value under another name; assignments wait until nothing uses it."""

from __future__ import annotations

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import Operator


class ReadVariable(Operator):
    """READ_VARIABLE, whose input is the variable's tensor in the graph's states."""

    name = "READ_VARIABLE"
    summary = "The value of a resource variable of any type; with CALL_ONCE and VAR_HANDLE it needs no code."
    constraints = ()
    kernels = ()
    is_view = True

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The variable's."""
        return graph.required(node, 0).shape


OPERATOR = ReadVariable()
