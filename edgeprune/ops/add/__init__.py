"""ADD: element-wise sum with broadcasting."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import base, elementwise, geometry
from edgeprune.ops.arithmetic import Multiplier, activation_range, quantize_multiplier, requantize
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.elementwise import Affine
from edgeprune.ops.enums import activation_name
from edgeprune.targets import Extension, McuCpu

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
        return Cost(40.0 * graph.output(node).size)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0, 1)

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


@functools.lru_cache(maxsize=256)
def _affine(
    scaling: Scaling, slopes: tuple[float, float], zero_points: tuple[int, int, int], bounds: tuple[int, int]
) -> Affine | None:
    """What equals the reference for every pair of values; zero points are those of the inputs and the output."""
    addends = [
        requantize((elementwise.EVERY_INT8 - zero) << HEADROOM_BITS, multiplier.mantissa, multiplier.shift)
        for zero, multiplier in zip(zero_points, (scaling.first, scaling.second), strict=False)
    ]
    sums = addends[0][:, None] + addends[1][None, :]
    outputs = requantize(sums, scaling.output.mantissa, scaling.output.shift) + zero_points[2]
    return elementwise.fit_affine(np.clip(outputs, *bounds), slopes, *bounds)


class _Dsp(Kernel):
    name = "ep_add_s8_dsp"
    folder = _FOLDER
    needs = frozenset({Extension.DSP})

    def supports(self, graph: Graph, node: Node) -> bool:
        return self._fitted(graph, node) is not None

    def _fitted(self, graph: Graph, node: Node) -> Affine | None:
        first, second, output = (t.quantized() for t in self._tensors(graph, node))
        slopes = first.scale / output.scale, second.scale / output.scale
        zero_points = first.zero_point, second.zero_point, output.zero_point
        return _affine(scaling_of(graph, node), slopes, zero_points, self._bounds(graph, node))

    @staticmethod
    def _tensors(graph: Graph, node: Node) -> tuple[Tensor, Tensor, Tensor]:
        return graph.required(node, 0), graph.required(node, 1), graph.output(node)

    @staticmethod
    def _bounds(graph: Graph, node: Node) -> tuple[int, int]:
        return activation_range(cast(AddOptions, node.options).activation, graph.output(node))

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        shape = elementwise.broadcast(graph.required(node, 0).shape, graph.required(node, 1).shape)
        pairs = shape.first[3] == shape.second[3]
        each = (8.5 if self._bounds(graph, node) != (-128, 127) else 6.5) if pairs else 5.8
        return Cost(shape.rows * (60.0 + each * shape.extents[3]))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return tuple(i for i in (0, 1) if graph.required(node, i).shape == graph.output(node).shape)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        affine, (first, second, _) = self._fitted(graph, node), self._tensors(graph, node)
        assert affine is not None, "supports() said that there is one"
        fields = (
            CField("affine", elementwise.affine_initialiser(affine, *self._bounds(graph, node))),
            CField("broadcast", elementwise.broadcast(first.shape, second.shape).initialiser()),
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
    kernels = (_Flat(), _Broadcast(), _Dsp())

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
