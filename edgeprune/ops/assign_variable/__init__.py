"""ASSIGN_VARIABLE: a state takes a value, which the next inference reads."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import Cpu


def variable_of_that_type(graph: Graph, node: Node) -> str | None:
    """The variable has the type of the value."""
    value, variable = graph.required(node, 0), graph.output(node)
    return None if value.dtype is variable.dtype else f"{value.dtype.value} into {variable.dtype.value}"


class _Copy(Kernel):
    name = "ep_assign_variable"
    folder = Path(__file__).parent
    types = ("bool", "float32", "int16", "int32", "int64", "int8", "uint8")
    code_bytes = 20

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(20.0 + graph.output(node).nbytes)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        return KernelCode((), (CField("bytes", str(graph.output(node).nbytes)),))


class AssignVariable(Operator):
    """ASSIGN_VARIABLE, whose output is the variable's tensor in the graph's states."""

    name = "ASSIGN_VARIABLE"
    summary = "Gives a resource variable the value that the next inference reads."
    constraints = (variable_of_that_type,)
    kernels = (_Copy(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The value's."""
        return graph.required(node, 0).shape


OPERATOR = AssignVariable()
