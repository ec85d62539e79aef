"""ARG_MAX and ARG_MIN: the place of the greatest or least value along one axis."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from pathlib import Path

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.reduction import Blocks
from edgeprune.targets import Cpu


def arithmetic_input(graph: Graph, node: Node) -> str | None:
    """Input 0 is float32, or int8 with one scale."""
    return base.not_arithmetic(graph.required(node, 0))


def constant_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one constant that names a dimension of the input."""
    axis, rank = graph.required(node, 1), len(graph.required(node, 0).shape)
    if not axis.is_constant or axis.size != 1:
        return f"{axis.name!r} is {'constant' if axis.is_constant else 'computed'}, {axis.size} values"
    value = int(axis.constant().reshape(-1)[0])
    return None if -rank <= value < rank else f"{value} of {rank} dimensions"


def places_are_integers(graph: Graph, node: Node) -> str | None:
    """The output is int32 or int64."""
    dtype = graph.output(node).dtype
    return None if dtype in (DType.INT32, DType.INT64) else f"it is {dtype.value}"


def _axis(graph: Graph, node: Node) -> int:
    return int(graph.required(node, 1).constant().reshape(-1)[0]) % len(graph.required(node, 0).shape)


@dataclass(frozen=True)
class ArgumentKernel(Kernel):
    """One type of both operators.

    Attributes:
        least: Whether the least value is looked for.
    """

    least: bool

    folder = Path(__file__).parent / "arg_max"
    code_bytes = 200

    @abc.abstractmethod
    def direction(self) -> CField:
        """What makes the least value the greatest."""

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By inputs and outputs."""
        return Cost(9.0 * graph.required(node, 0).size + 45.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Direction, width of the outputs and blocks."""
        shape, axis = graph.required(node, 0).shape, _axis(graph, node)
        blocks = Blocks((math.prod(shape[:axis]), 1, 1, shape[axis], math.prod(shape[axis + 1 :])))
        fields = (
            self.direction(),
            CField("wide", str(int(graph.output(node).dtype is DType.INT64))),
            CField("reduction", blocks.initialiser()),
        )
        return KernelCode((), fields)


class _Int8(ArgumentKernel):
    name = "ep_arg_max_s8"

    def direction(self) -> CField:
        return CField("flip", str(-1 if self.least else 0))


class _Float32(ArgumentKernel):
    name = "ep_arg_max_f32"
    types = ("float32",)

    def direction(self) -> CField:
        return CField("sign", base.c_float(-1.0 if self.least else 1.0))


def argument_kernels(least: bool) -> tuple[Kernel, ...]:
    """Kernels of ARG_MIN or ARG_MAX."""
    return _Int8(least), _Float32(least)


class Argument(Operator):
    """ARG_MAX or ARG_MIN; of equal values the first counts."""

    constraints = (arithmetic_input, constant_axis, places_are_integers)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape without the axis."""
        shape, axis = graph.required(node, 0).shape, _axis(graph, node)
        return shape[:axis] + shape[axis + 1 :]
