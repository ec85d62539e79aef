"""UNPACK: the slices of a tensor along a dimension, which goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, SplitKernel


@dataclass(frozen=True)
class UnpackOptions:
    """Options of UNPACK: the dimension that goes; may count from the end."""

    axis: int


def _axis(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    return cast(UnpackOptions, node.options).axis % len(graph.required(node, 0).shape)


def axis_of_the_input(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the input."""
    return moves.axis_within(cast(UnpackOptions, node.options).axis, len(graph.required(node, 0).shape))


def an_output_per_slice(graph: Graph, node: Node) -> str | None:
    """There is one output for each index of the axis, all of one shape."""
    extent = graph.required(node, 0).shape[_axis(graph, node)]
    shapes = {graph.output(node, i).shape for i in range(len(node.outputs))}
    return None if len(node.outputs) == extent and len(shapes) == 1 else f"{len(node.outputs)} outputs for {extent}"


class _Kernel(SplitKernel):
    types = ("bool", "float32", "int16", "int32", "int8", "uint8")

    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        return moves.parts_along(_axis(graph, node), [graph.output(node, i) for i in range(len(node.outputs))])


class Unpack(base.Operator):
    """UNPACK into any number of tensors."""

    name = "UNPACK"
    summary = "The slices of a tensor along a dimension, which goes."
    constraints = (moves.same_type, axis_of_the_input, an_output_per_slice)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> UnpackOptions:
        """Translate `UnpackOptionsT`."""
        return UnpackOptions(options.axis)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape without the axis."""
        axis, shape = _axis(graph, node), graph.required(node, 0).shape
        return (*shape[:axis], *shape[axis + 1 :])

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constant's slices."""
        return tuple(np.moveaxis(graph.required(node, 0).constant(), _axis(graph, node), 0))


OPERATOR = Unpack()
