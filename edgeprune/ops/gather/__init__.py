"""GATHER: slices of a tensor along an axis, by indices that may be computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.moves import Array
from edgeprune.targets import Cpu


@dataclass(frozen=True)
class GatherOptions:
    """Options of GATHER.

    Attributes:
        axis: Where the slices lie; may count from the end.
        batch_dims: Leading dimensions that input and indices share.
    """

    axis: int
    batch_dims: int


def _axis(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    return cast(GatherOptions, node.options).axis % len(graph.required(node, 0).shape)


def _batch_dims(node: Node) -> int:
    return cast(GatherOptions, node.options).batch_dims


def axis_behind_batches(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the input, and input and indices have the same batches before it."""
    options, shape, chosen = cast(GatherOptions, node.options), *(graph.required(node, i).shape for i in (0, 1))
    if found := moves.axis_within(options.axis, len(shape)):
        return found
    batches = options.batch_dims
    if 0 <= batches <= min(_axis(graph, node), len(chosen)) and shape[:batches] == chosen[:batches]:
        return None
    return f"axis {options.axis} and {batches} batch dimensions of {shape} and {chosen}"


def integer_indices(graph: Graph, node: Node) -> str | None:
    """Indices are int32 or int64; constant ones lie within the axis."""
    indices, extent = graph.required(node, 1), graph.required(node, 0).shape[_axis(graph, node)]
    if indices.dtype.value not in {"int32", "int64"}:
        return f"they are {indices.dtype.value}"
    if not indices.is_constant:
        return None
    values = indices.constant()
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    return None if low >= 0 and high < extent else f"{low} to {high} of {extent}"


class _Plain(Kernel):
    name = "ep_gather"
    folder = Path(__file__).parent
    types = ("bool", "float32", "int16", "int32", "int64", "int8", "uint8")
    code_bytes = 250

    def _run(self, graph: Graph, node: Node) -> int:
        source = graph.required(node, 0)
        return math.prod(source.shape[_axis(graph, node) + 1 :]) * source.dtype.itemsize

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        run = self._run(graph, node)
        return Cost(40.0 + graph.output(node).nbytes / max(run, 1) * (20.0 + moves.run_cycles(run)))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, indices = graph.required(node, 0), graph.required(node, 1)
        axis, batches = _axis(graph, node), _batch_dims(node)
        fields = (
            CField("batches", str(math.prod(source.shape[:batches]))),
            CField("outer", str(math.prod(source.shape[batches:axis]))),
            CField("extent", str(source.shape[axis])),
            CField("count", str(math.prod(indices.shape[batches:]))),
            CField("run", str(self._run(graph, node))),
            CField("wide", str(int(indices.dtype.value == "int64"))),
        )
        return KernelCode((), fields)


class Gather(Operator):
    """GATHER of any type."""

    name = "GATHER"
    summary = "Slices of a tensor along an axis, by indices that may be computed."
    constraints = (moves.same_type, axis_behind_batches, integer_indices)
    kernels = (_Plain(),)

    def decode(self, options: Any) -> GatherOptions:
        """Translate `GatherOptionsT`."""
        return GatherOptions(options.axis, options.batchDims)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape with the indices' in the place of the axis."""
        axis, source, indices = _axis(graph, node), graph.required(node, 0).shape, graph.required(node, 1).shape
        return (*source[:axis], *indices[_batch_dims(node) :], *source[axis + 1 :])

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Input and indices."""
        return node.inputs[:2]

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...] | None:
        """The slices of the constant, where there are no batches."""
        if _batch_dims(node):
            return None
        indices = graph.required(node, 1).constant().astype(np.int64)
        return (np.take(graph.required(node, 0).constant(), indices, _axis(graph, node)),)


OPERATOR = Gather()
