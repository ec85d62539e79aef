"""PACK: tensors of one shape stacked along a new dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, JoinKernel


@dataclass(frozen=True)
class PackOptions:
    """Options of PACK: where the new dimension stands in the output; may count from the end."""

    axis: int


def _inputs(graph: Graph, node: Node) -> tuple[Tensor, ...]:
    return tuple(graph.required(node, i) for i in range(len(node.inputs)))


def _axis(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    return cast(PackOptions, node.options).axis % (len(graph.required(node, 0).shape) + 1)


def axis_of_the_output(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the output."""
    return moves.axis_within(cast(PackOptions, node.options).axis, len(graph.required(node, 0).shape) + 1)


def equal_inputs(graph: Graph, node: Node) -> str | None:
    """All inputs have one shape, and the output's type."""
    want = (graph.required(node, 0).shape, graph.output(node).dtype)
    for tensor in _inputs(graph, node):
        if (tensor.shape, tensor.dtype) != want:
            return f"{tensor.dtype.value} {tensor.shape} beside {want[1].value} {want[0]}"
    return None


class _Kernel(JoinKernel):
    types = ("float32", "int16", "int32", "int64", "int8", "uint8")

    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        return moves.parts_along(_axis(graph, node), _inputs(graph, node))


class Pack(base.Operator):
    """PACK of any number of tensors."""

    name = "PACK"
    summary = "Any number of tensors of one shape, stacked along a new dimension."
    constraints = (axis_of_the_output, equal_inputs)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> PackOptions:
        """Translate `PackOptionsT`."""
        return PackOptions(options.axis)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The inputs' shape with their number put in."""
        axis, shape = _axis(graph, node), graph.required(node, 0).shape
        return (*shape[:axis], len(node.inputs), *shape[axis:])

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """All inputs."""
        return node.inputs

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constants in one."""
        return (np.stack([tensor.constant() for tensor in _inputs(graph, node)], _axis(graph, node)),)


OPERATOR = Pack()
