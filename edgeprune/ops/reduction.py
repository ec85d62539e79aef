"""What operators share that make one value of all values along some axes."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Constraint, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.unary import float_cycles
from edgeprune.targets import Cpu


@dataclass(frozen=True)
class ReductionOptions:
    """Options of all reductions."""

    keep_dimensions: bool


def reduced_axes(graph: Graph, node: Node) -> tuple[int, ...]:
    """The dimensions that go, counted from 0, ascending."""
    rank = len(graph.required(node, 0).shape)
    return tuple(sorted({int(axis) % rank for axis in graph.required(node, 1).constant().reshape(-1)}))


def constant_reduced_axes(graph: Graph, node: Node) -> str | None:
    """The axes are constant and name dimensions that the input has; kept and reduced ones take turns at most twice."""
    axes, rank = graph.required(node, 1), len(graph.required(node, 0).shape)
    if not axes.is_constant:
        return f"{axes.name!r} is computed at run time"
    values = axes.constant().reshape(-1).tolist()
    if rank == 0 or not all(-rank <= axis < rank for axis in values):
        return f"{values} of {rank} dimensions"
    return None if blocks_of(graph, node) else f"{values} of {graph.required(node, 0).shape}"


@dataclass(frozen=True)
class Blocks:
    """An input's extents, neighbours of a kind merged: kept, reduced, kept, reduced, kept."""

    extents: tuple[int, int, int, int, int]

    @property
    def count(self) -> int:
        """Values that make one output."""
        return self.extents[1] * self.extents[3]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.extents[0] * self.extents[2] * self.extents[4]

    def initialiser(self) -> str:
        """Of an `ep_reduction`."""
        names = ("outer", "reduced_outer", "middle", "reduced_inner", "inner")
        return "{" + ", ".join(f".{name} = {n}" for name, n in zip(names, self.extents, strict=True)) + "}"


def blocks_of(graph: Graph, node: Node) -> Blocks | None:
    """The input's blocks; None where there are more than five."""
    axes, extents = reduced_axes(graph, node), [1]
    for axis, extent in enumerate(graph.required(node, 0).shape):
        reduced = len(extents) % 2 == 0
        if extent == 1 or (axis in axes) == reduced:
            extents[-1] *= extent
        else:
            extents.append(extent)
    return None if len(extents) > 5 else Blocks(cast(Any, (*extents, *(1,) * (5 - len(extents)))))


def few_enough_for_int16(graph: Graph, node: Node) -> str | None:
    """With int16, at most 65,535 values make one output."""
    blocks = blocks_of(graph, node)
    if blocks is None or graph.output(node).dtype is not DType.INT16 or blocks.count < 1 << 16:
        return None
    return f"there are {blocks.count:,}"


class Reduction(Operator):
    """An operator along constant axes."""

    constraints: ClassVar[tuple[Constraint, ...]] = (base.arithmetic_input_and_output, constant_reduced_axes)

    def decode(self, options: Any) -> ReductionOptions:
        """Translate `ReducerOptionsT`."""
        return ReductionOptions(bool(options.keepDims))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape without the axes, or with 1 in their place."""
        shape, axes = graph.required(node, 0).shape, reduced_axes(graph, node)
        if cast(ReductionOptions, node.options).keep_dimensions:
            return tuple(1 if i in axes else extent for i, extent in enumerate(shape))
        return tuple(extent for i, extent in enumerate(shape) if i not in axes)


class ReductionKernel(Kernel):
    """A kernel that goes through the blocks; parameters are its own and an `ep_reduction`."""

    code_bytes = 300
    #: Per input value and per output value, with an FPU where the type is float32.
    cycles: ClassVar[tuple[float, float]]

    @abc.abstractmethod
    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        """Parameters beside the blocks."""

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By inputs and outputs."""
        source, output = graph.required(node, 0), graph.output(node)
        cycles = self.cycles[0] * source.size + self.cycles[1] * output.size
        return Cost(float_cycles(cycles, cpu) if source.dtype is DType.FLOAT32 else cycles)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The kernel's own parameters, then the blocks."""
        blocks = blocks_of(graph, node)
        assert blocks is not None, "the constraints hold"
        return KernelCode((), (*self.fields(graph, node), CField("reduction", blocks.initialiser())))


class PlainReduction(ReductionKernel):
    """Without parameters of its own."""

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        """None."""
        return ()


def value_count(graph: Graph, node: Node) -> int:
    """Values that make one output."""
    shape = graph.required(node, 0).shape
    return math.prod(shape[axis] for axis in reduced_axes(graph, node))
