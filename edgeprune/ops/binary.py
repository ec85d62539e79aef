"""What operators with two inputs share: broadcasting, types, and kernels that go row by row."""

from __future__ import annotations

import abc
from typing import ClassVar

import numpy as np

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, elementwise
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CField, Constraint, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.unary import FLOAT_RANGES, float_cycles
from edgeprune.targets import Cpu


def second_input_alike(graph: Graph, node: Node) -> str | None:
    """Input 1 is of input 0's type, with a scale of its own; int16 with the zero point 0."""
    first, second = graph.required(node, 0), graph.required(node, 1)
    if first.dtype is not second.dtype:
        return f"{first.dtype.value} and {second.dtype.value}"
    return base.not_arithmetic(second)


def broadcastable(graph: Graph, node: Node) -> str | None:
    """The two shapes broadcast; of dimensions that an input repeats and others at most four take turns."""
    first, second = (graph.required(node, i).shape for i in (0, 1))
    try:
        np.broadcast_shapes(first, second)
    except ValueError:
        return f"{first} and {second} do not"
    dimensions = len(elementwise.broadcast(first, second).extents)
    return None if dimensions <= 4 else f"{first} and {second} leave {dimensions} dimensions"


class Binary(Operator):
    """An operator on two tensors whose shapes broadcast; either may be constant."""

    constraints: ClassVar[tuple[Constraint, ...]] = (
        base.arithmetic_input_and_output,
        second_input_alike,
        broadcastable,
    )

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The broadcast shape."""
        return tuple(np.broadcast_shapes(graph.required(node, 0).shape, graph.required(node, 1).shape))

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Both inputs."""
        return node.inputs[:2]


class RowKernel(Kernel):
    """A kernel that goes through the rows of a broadcast; parameters are its own and an `ep_broadcast`."""

    code_bytes = 400
    #: Per value, with an FPU where the type is float32.
    cycles: ClassVar[float]
    #: Per row, beside its values.
    row_cycles: ClassVar[float] = 60.0

    @abc.abstractmethod
    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        """Parameters beside the broadcast."""

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By rows and values."""
        shape = _broadcast(graph, node)
        each = float_cycles(self.cycles, cpu) if graph.output(node).dtype is DType.FLOAT32 else self.cycles
        return Cost(shape.rows * (self.row_cycles + each * shape.extents[3]))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The kernel's own parameters, then the broadcast."""
        shape = CField("broadcast", _broadcast(graph, node).initialiser())
        return KernelCode((), (*self.fields(graph, node), shape))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Inputs that do not repeat: each value is read before it is replaced."""
        return tuple(i for i in (0, 1) if graph.required(node, i).shape == graph.output(node).shape)


def _broadcast(graph: Graph, node: Node) -> elementwise.Broadcast:
    return elementwise.broadcast(graph.required(node, 0).shape, graph.required(node, 1).shape)


class FloatRows(RowKernel):
    """float32 with a fused activation, where the node's options have one."""

    types = ("float32",)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        """The range of the outputs."""
        low, high = FLOAT_RANGES[getattr(node.options, "activation", "NONE")]
        return CField("low", base.c_float(low)), CField("high", base.c_float(high))


class PlainRows(RowKernel):
    """Values that are compared as they are."""

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        """None."""
        return ()


def range_fields(graph: Graph, node: Node) -> tuple[CField, CField]:
    """The integer range of the outputs."""
    low, high = activation_range(getattr(node.options, "activation", "NONE"), graph.output(node))
    return CField("low", str(low)), CField("high", str(high))
