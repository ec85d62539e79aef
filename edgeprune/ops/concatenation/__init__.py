"""CONCATENATION: tensors one after the other along a dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import base, moves
from edgeprune.ops.enums import activation_name
from edgeprune.ops.moves import Array, JoinKernel


@dataclass(frozen=True)
class ConcatenationOptions:
    """Options of CONCATENATION; the axis may count from the end."""

    axis: int
    activation: str


def _inputs(graph: Graph, node: Node) -> tuple[Tensor, ...]:
    return tuple(graph.required(node, i) for i in range(len(node.inputs)))


def axis_of(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    axis = cast(ConcatenationOptions, node.options).axis
    return axis % len(graph.required(node, 0).shape)


def plain_axis(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the inputs, and there is no fused activation."""
    options = cast(ConcatenationOptions, node.options)
    if options.activation != "NONE":
        return f"the activation is {options.activation}"
    return moves.axis_within(options.axis, len(graph.required(node, 0).shape))


def alike(graph: Graph, node: Node) -> str | None:
    """Inputs and output have one type, and the inputs have the same extents but along the axis."""
    axis, output = axis_of(graph, node), graph.output(node)
    first = graph.required(node, 0).shape
    for tensor in _inputs(graph, node):
        shape = tensor.shape
        if len(shape) != len(first) or (*shape[:axis], *shape[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]):
            return f"{shape} beside {first}"
        if tensor.dtype is not output.dtype:
            return f"{tensor.dtype.value} beside {output.dtype.value}"
    return None


def one_scale(graph: Graph, node: Node) -> str | None:
    """Of int8 and uint8, all inputs have the output's scale and zero point; the zero points of int16 are 0."""
    output = graph.output(node)
    for tensor in _inputs(graph, node):
        if output.dtype.value not in {"int8", "uint8", "int16"} or tensor.quantization is output.quantization:
            continue
        have, want = tensor.quantized(), output.quantized()
        if output.dtype.value == "int16" and not (have.zero_point or want.zero_point):
            continue
        if (have.scale, have.zero_point) != (want.scale, want.zero_point):
            return f"{have.scale:g}, {have.zero_point} against {want.scale:g}, {want.zero_point}"
    return None


class _Kernel(JoinKernel):
    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        return moves.parts_along(axis_of(graph, node), _inputs(graph, node))


class Concatenation(base.Operator):
    """CONCATENATION of any number of tensors."""

    name = "CONCATENATION"
    summary = "Any number of tensors one after the other along a dimension."
    constraints = (plain_axis, alike, one_scale)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> ConcatenationOptions:
        """Translate `ConcatenationOptionsT`."""
        return ConcatenationOptions(options.axis, activation_name(options.fusedActivationFunction))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The first input's extents, along the axis the sum of all."""
        axis, shapes = axis_of(graph, node), [tensor.shape for tensor in _inputs(graph, node)]
        return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """All inputs."""
        return node.inputs

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constants in one."""
        return (np.concatenate([tensor.constant() for tensor in _inputs(graph, node)], axis_of(graph, node)),)


OPERATOR = Concatenation()
