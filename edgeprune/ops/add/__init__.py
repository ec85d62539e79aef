"""ADD: element-wise sum with broadcasting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name
from edgeprune.targets import McuCpu

_FOLDER = Path(__file__).parent
#: Inputs are scaled up by 2**20 before they are rescaled, so that few bits are lost.
HEADROOM_BITS = 20


@dataclass(frozen=True)
class AddOptions:
    """Options of ADD."""

    activation: str


@dataclass(frozen=True)
class Scaling:
    """How the two inputs and their sum are rescaled."""

    first: Multiplier
    second: Multiplier
    output: Multiplier


def scaling_of(graph: Graph, node: Node) -> Scaling:
    """Both inputs go to a common scale, twice the larger one; the sum goes from there to the output's."""
    first, second = (graph.required(node, i).quantized().scale for i in (0, 1))
    common = 2.0 * max(first, second)
    return Scaling(
        quantize_multiplier(first / common),
        quantize_multiplier(second / common),
        quantize_multiplier(common / ((1 << HEADROOM_BITS) * graph.output(node).quantized().scale)),
    )


def second_input_like_the_first(graph: Graph, node: Node) -> str | None:
    """Input 1 is int8 with one scale and zero point."""
    return base.not_int8(graph.required(node, 1))


def broadcastable(graph: Graph, node: Node) -> str | None:
    """The shapes of the two inputs broadcast, with at most four dimensions."""
    first, second = (graph.required(node, i).shape for i in (0, 1))
    try:
        result = np.broadcast_shapes(first, second)
    except ValueError:
        return f"{first} and {second} do not"
    return None if len(result) <= 4 else f"{first} and {second} give {len(result)} dimensions"


def output_scale_within_range(graph: Graph, node: Node) -> str | None:
    """The output's scale is more than the larger input scale divided by 2**19."""
    shift = scaling_of(graph, node).output.shift
    return None if shift <= 0 else f"the output multiplier has the shift {shift}"


def _fields(graph: Graph, node: Node) -> tuple[CField, ...]:
    scaling = scaling_of(graph, node)
    output = geometry.int8_output_fields(graph.output(node), cast(AddOptions, node.options).activation)

    def operand(index: int, multiplier: Multiplier) -> str:
        zero_point = graph.required(node, index).quantized().zero_point
        return f"{{.zero_point = {zero_point}, .mantissa = {multiplier.mantissa}, .shift = {multiplier.shift}}}"

    total = f"{{.mantissa = {scaling.output.mantissa}, .shift = {scaling.output.shift}, {output}}}"
    return (
        CField("first", operand(0, scaling.first)),
        CField("second", operand(1, scaling.second)),
        CField("output", total),
    )


class _Flat(Kernel):
    name = "ep_add_s8"
    folder = _FOLDER

    def supports(self, graph: Graph, node: Node) -> bool:
        return graph.required(node, 0).shape == graph.required(node, 1).shape

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(60.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        count = CField("count", str(graph.output(node).size))
        return KernelCode((), (CField("sum", "{" + _members(graph, node) + "}"), count))


class _Broadcast(Kernel):
    name = "ep_add_broadcast_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(75.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        shape = (1,) * (4 - len(graph.output(node).shape)) + graph.output(node).shape
        fields = (
            CField("sum", "{" + _members(graph, node) + "}"),
            CField("extent", geometry.numbers(shape)),
            CField("first_stride", geometry.numbers(_strides(graph.required(node, 0).shape))),
            CField("second_stride", geometry.numbers(_strides(graph.required(node, 1).shape))),
        )
        return KernelCode((), fields)


def _members(graph: Graph, node: Node) -> str:
    return ", ".join(f".{field.name} = {field.text}" for field in _fields(graph, node))


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Elements to step per dimension of the four-dimensional output; 0 where the input repeats."""
    padded = (1,) * (4 - len(shape)) + shape
    steps = [0, 0, 0, 0]
    step = 1
    for dimension in (3, 2, 1, 0):
        steps[dimension] = step if padded[dimension] > 1 else 0
        step *= padded[dimension]
    return tuple(steps)


class Add(Operator):
    """ADD of two int8 tensors, of which one may be constant."""

    name = "ADD"
    summary = "Element-wise sum of two tensors with broadcasting and fused activation."
    constraints = (
        base.int8_input_and_output,
        second_input_like_the_first,
        broadcastable,
        output_scale_within_range,
        base.fused_activation,
    )
    kernels = (_Flat(), _Broadcast())

    def decode(self, options: Any) -> AddOptions:
        """Translate `AddOptionsT`."""
        return AddOptions(activation_name(options.fusedActivationFunction))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The broadcast shape."""
        return tuple(np.broadcast_shapes(graph.required(node, 0).shape, graph.required(node, 1).shape))

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Both inputs."""
        return node.inputs[:2]


OPERATOR = Add()
