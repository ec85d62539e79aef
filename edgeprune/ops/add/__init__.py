"""ADD: element-wise sum with broadcasting."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import cast

import numpy as np

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import elementwise, geometry
from edgeprune.ops.arithmetic import Multiplier, activation_range, requantize
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.binary import FloatRows
from edgeprune.ops.elementwise import Affine
from edgeprune.ops.sums import HEADROOM_BITS, INT16_KERNELS, Scaling, Sum, SumOptions, scaling_of, sign
from edgeprune.targets import Extension, McuCpu

_FOLDER = Path(__file__).parent


def _fields(graph: Graph, node: Node) -> tuple[CField, ...]:
    scaling = scaling_of(graph, node)
    output = geometry.int8_output_fields(graph.output(node), cast(SumOptions, node.options).activation)

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
        shape = elementwise.broadcast(graph.required(node, 0).shape, graph.required(node, 1).shape)
        fields = (
            CField("sum", "{" + _members(graph, node) + "}"),
            CField("extent", geometry.numbers(shape.extents)),
            CField("first_stride", geometry.numbers(shape.first)),
            CField("second_stride", geometry.numbers(shape.second)),
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
        slopes = first.scale / output.scale, sign(node) * second.scale / output.scale
        zero_points = first.zero_point, second.zero_point, output.zero_point
        return _affine(scaling_of(graph, node), slopes, zero_points, self._bounds(graph, node))

    @staticmethod
    def _tensors(graph: Graph, node: Node) -> tuple[Tensor, Tensor, Tensor]:
        return graph.required(node, 0), graph.required(node, 1), graph.output(node)

    @staticmethod
    def _bounds(graph: Graph, node: Node) -> tuple[int, int]:
        return activation_range(cast(SumOptions, node.options).activation, graph.output(node))

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


class _Float(FloatRows):
    name = "ep_add_f32"
    folder = _FOLDER
    cycles = 22.0


#: What runs ADD and SUB of int8.
INT8_KERNELS = (_Flat(), _Broadcast(), _Dsp())


class Add(Sum):
    """ADD of int8, int16 or float32."""

    name = "ADD"
    summary = "Element-wise sum of two tensors with broadcasting and fused activation."
    kernels = (*INT8_KERNELS, *INT16_KERNELS, _Float())


OPERATOR = Add()
