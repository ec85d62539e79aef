"""ARG_MAX and ARG_MIN: the place of the greatest or least value along one axis."""

from __future__ import annotations

import math
from pathlib import Path

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.reduction import Blocks
from edgeprune.targets import McuCpu


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


class ArgumentKernel(Kernel):
    """One type of both operators.

    Args:
        dtype: Of the input.
        suffix: Of the C function.
        least: Whether the least value is looked for.
    """

    folder = Path(__file__).parent / "arg_max"
    code_bytes = 200

    def __init__(self, dtype: DType, suffix: str, least: bool) -> None:
        self.name = f"ep_arg_max_{suffix}"  # type: ignore[misc]
        self.types = (dtype.value,)  # type: ignore[misc]
        self._least = least

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        """By inputs and outputs."""
        return Cost(9.0 * graph.required(node, 0).size + 45.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Direction, width of the outputs and blocks."""
        shape, axis = graph.required(node, 0).shape, _axis(graph, node)
        blocks = Blocks((math.prod(shape[:axis]), 1, 1, shape[axis], math.prod(shape[axis + 1 :])))
        if graph.required(node, 0).dtype is DType.FLOAT32:
            direction = CField("sign", base.c_float(-1.0 if self._least else 1.0))
        else:
            direction = CField("flip", str(-1 if self._least else 0))
        fields = (
            direction,
            CField("wide", str(int(graph.output(node).dtype is DType.INT64))),
            CField("reduction", blocks.initialiser()),
        )
        return KernelCode((), fields)


def argument_kernels(least: bool) -> tuple[Kernel, ...]:
    """Kernels of ARG_MIN or ARG_MAX."""
    kinds = ((DType.INT8, "s8"), (DType.FLOAT32, "f32"))
    return tuple(ArgumentKernel(dtype, suffix, least) for dtype, suffix in kinds)


class Argument(Operator):
    """ARG_MAX or ARG_MIN; of equal values the first counts."""

    constraints = (arithmetic_input, constant_axis, places_are_integers)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape without the axis."""
        shape, axis = graph.required(node, 0).shape, _axis(graph, node)
        return shape[:axis] + shape[axis + 1 :]
