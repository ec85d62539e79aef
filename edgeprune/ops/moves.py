"""Operators that only put elements in another place: their kernels work on bytes, whatever the type.

What an operator does is said once, in numpy, as a view of its input.  Constant folding takes
the view of the values; the C kernel gets the view's strides.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import geometry
from edgeprune.ops.base import CArray, CField, Constraint, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import Cpu

Array = npt.NDArray[np.generic]

#: Types whose elements kernels move, by size.
ALL_TYPES = ("bool", "float32", "int16", "int32", "int64", "int8", "uint8")
#: Dimensions of `ep_move` beyond the two innermost.
_OUTER = 5
#: Runs up to this length are copied without a call, and what a call of `ep_copy_rows` takes in `ep_move`.
_LONG_RUN, _CALL_CYCLES = 95, 50.0


@dataclass(frozen=True)
class Layout:
    """A view of a contiguous array as `ep_move` reads it; all figures in bytes.

    Attributes:
        first: From the array's start to the view's first element.
        run: What lies together in the array and in the view.
        extents, strides: Of the dimensions outside a run, outermost first; neighbours that one
            stride serves are merged.
    """

    first: int
    run: int
    extents: tuple[int, ...]
    strides: tuple[int, ...]


def layout_of(view: Array, array: Array) -> Layout:
    """The layout of a view of `array`."""
    first = view.__array_interface__["data"][0] - array.__array_interface__["data"][0]
    extents: list[int] = []
    strides: list[int] = []
    for extent, stride in zip(view.shape, view.strides, strict=True):
        if extent == 1:
            continue
        if extents and strides[-1] == stride * extent:
            extents[-1], strides[-1] = extents[-1] * extent, stride
        else:
            extents.append(extent)
            strides.append(stride)
    run = view.itemsize
    if strides and strides[-1] == run:
        run *= extents.pop()
        strides.pop()
    return Layout(first, run, tuple(extents), tuple(strides))


def run_cycles(run: int) -> float:
    """About what a Cortex-M4 takes to copy a run of bytes anywhere (`ep_copy_run`)."""
    return 26.0 + 18.0 * (run // 16) + 6.0 * (run % 16).bit_count() if run <= _LONG_RUN else 60.0 + 0.7 * run


def copy_cycles(run: int, rows: int) -> float:
    """About what `ep_copy_rows` takes on a Cortex-M4."""
    return 40.0 + rows * ({1: 3.5, 2: 5.6, 3: 8.5, 4: 5.6, 8: 8.2}.get(run) or run_cycles(run) + 5.0)


class MoveKernel(Kernel):
    """`ep_move`; a subclass says which view of its source the output is."""

    name = "ep_move"
    folder = runtime.FOLDER
    types: ClassVar[tuple[str, ...]] = ALL_TYPES
    code_bytes = 500
    #: Position of the input whose elements move.
    source: ClassVar[int] = 0

    @abc.abstractmethod
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        """The output's elements in their order, as a view of an array of the source's shape; the rank is free."""

    def layout(self, graph: Graph, node: Node) -> Layout:
        """Of the output within the input."""
        source = graph.required(node, self.source)
        array = np.empty(source.shape, np.dtype((np.void, source.dtype.itemsize)))
        return layout_of(self.view(graph, node, array), array)

    def supports(self, graph: Graph, node: Node) -> bool:
        """Whether the view has no more dimensions than the kernel, after neighbours are merged."""
        return len(self.layout(graph, node).extents) <= _OUTER + 1

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the length of runs."""
        layout = self.layout(graph, node)
        rows = layout.extents[-1] if layout.extents else 1
        return Cost(math.prod(layout.extents[:-1]) * (copy_cycles(layout.run, rows) + _CALL_CYCLES))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The layout; no tables."""
        layout = self.layout(graph, node)
        inner = (layout.extents[-1], layout.strides[-1]) if layout.extents else (1, 0)
        missing = _OUTER - len(layout.extents[:-1])
        fields = (
            CField("first", str(layout.first)),
            CField("run", str(layout.run)),
            CField("rows", str(inner[0])),
            CField("step", str(inner[1])),
            CField("extent", geometry.numbers((1,) * missing + layout.extents[:-1])),
            CField("stride", geometry.numbers((0,) * missing + layout.strides[:-1])),
        )
        return KernelCode((), fields)


class Movement(Operator):
    """An operator whose output is a view of one of its inputs."""

    kernels: ClassVar[tuple[MoveKernel, ...]]

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The view of the constant input."""
        kernel = self.kernels[0]
        return (kernel.view(graph, node, graph.required(node, kernel.source).constant()),)

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input whose elements move; what else there is, is constant."""
        return (node.inputs[self.kernels[0].source],)


class _PartsKernel(Kernel):
    """Several tensors that lie side by side along an axis of one whole."""

    folder = runtime.FOLDER
    types: ClassVar[tuple[str, ...]] = ALL_TYPES
    variadic = True
    code_bytes = 400

    @abc.abstractmethod
    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        """How often the parts alternate, and for each part the bytes that lie together."""

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        rows, sizes = self.parts(graph, node)
        return Cost(30.0 + sum(copy_cycles(size, rows) for size in sizes))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        rows, sizes = self.parts(graph, node)
        fields = (
            CField("bytes", "{array:bytes}"),
            CField("count", str(len(sizes))),
            CField("rows", str(rows)),
            CField("row_bytes", str(sum(sizes))),
        )
        return KernelCode((CArray("int32_t", "bytes", np.array(sizes, np.int32)),), fields)


class JoinKernel(_PartsKernel):
    """`ep_join`: the parts are the inputs."""

    name = "ep_join"


class SplitKernel(_PartsKernel):
    """`ep_split`: the parts are the outputs."""

    name = "ep_split"


def parts_along(axis: int, tensors: Sequence[Tensor]) -> tuple[int, tuple[int, ...]]:
    """What `_PartsKernel.parts` returns for parts that differ along `axis` only."""
    rows = math.prod(tensors[0].shape[:axis])
    return rows, tuple(math.prod(t.shape[axis:]) * t.dtype.itemsize for t in tensors)


# ---- constraints


def same_type(graph: Graph, node: Node) -> str | None:
    """The output has the type of input 0."""
    source, output = graph.required(node, 0), graph.output(node)
    return None if source.dtype is output.dtype else f"{source.dtype.value} to {output.dtype.value}"


def constant(places: tuple[int, ...], what: str) -> Constraint:
    """The rule that some inputs must be constant; `what` names them, with its verb."""

    def rule(graph: Graph, node: Node) -> str | None:
        for place in places:
            tensor = graph.required(node, place)
            if not tensor.is_constant:
                return f"{tensor.name!r} is computed at run time"
        return None

    rule.__doc__ = f"{what} constant."
    return rule


def axis_within(axis: int, rank: int) -> str | None:
    """Why an axis, which may count from the end, is none of `rank` dimensions; None when it is one."""
    return None if -rank <= axis < rank else f"{axis} of {rank} dimensions"
