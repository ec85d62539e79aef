"""ADD: element-wise sum with broadcasting."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import elementwise, geometry
from edgeprune.ops.arithmetic import Multiplier, activation_range, requantize
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.binary import FloatRows
from edgeprune.ops.elementwise import Affine, Broadcast
from edgeprune.ops.requantize import fast_requantization, has_fast_requantization
from edgeprune.ops.sums import HEADROOM_BITS, INT16_KERNELS, Scaling, Sum, SumOptions, scaling_of, sign
from edgeprune.targets import Cpu, Extension

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

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(40.0 * graph.output(node).size)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0, 1)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        count = CField("count", str(graph.output(node).size))
        return KernelCode((), (CField("sum", "{" + _members(graph, node) + "}"), count))


class _Broadcast(Kernel):
    name = "ep_add_broadcast_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
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


def _addends(scaling: Scaling, zero_points: tuple[int, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Shares of the two inputs in the sum, for -128 to 127: int64 [256] each."""
    first, second = (
        requantize((elementwise.EVERY_INT8 - zero) << HEADROOM_BITS, multiplier.mantissa, multiplier.shift)
        for zero, multiplier in zip(zero_points, (scaling.first, scaling.second), strict=False)
    )
    return first, second


@functools.lru_cache(maxsize=256)
def _affine(
    scaling: Scaling, slopes: tuple[float, float], zero_points: tuple[int, int, int], bounds: tuple[int, int]
) -> Affine | None:
    """What equals the reference for every pair of values; zero points are those of the inputs and the output."""
    first, second = _addends(scaling, zero_points)
    sums = first[:, None] + second[None, :]
    outputs = requantize(sums, scaling.output.mantissa, scaling.output.shift) + zero_points[2]
    return elementwise.fit_affine(np.clip(outputs, *bounds), slopes, *bounds)


class _AnyShapes(Kernel):
    """On cores with the DSP extension, of shapes that broadcast."""

    folder = _FOLDER
    needs = frozenset({Extension.DSP})

    @staticmethod
    def _tensors(graph: Graph, node: Node) -> tuple[Tensor, Tensor, Tensor]:
        return graph.required(node, 0), graph.required(node, 1), graph.output(node)

    @staticmethod
    def _bounds(graph: Graph, node: Node) -> tuple[int, int]:
        return activation_range(cast(SumOptions, node.options).activation, graph.output(node))

    @staticmethod
    def _broadcast(graph: Graph, node: Node) -> Broadcast:
        return elementwise.broadcast(graph.required(node, 0).shape, graph.required(node, 1).shape)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return tuple(i for i in (0, 1) if graph.required(node, i).shape == graph.output(node).shape)


class _Dsp(_AnyShapes):
    name = "ep_add_s8_dsp"

    def supports(self, graph: Graph, node: Node) -> bool:
        return self._fitted(graph, node) is not None

    def _fitted(self, graph: Graph, node: Node) -> Affine | None:
        first, second, output = (t.quantized() for t in self._tensors(graph, node))
        slopes = first.scale / output.scale, sign(node) * second.scale / output.scale
        zero_points = first.zero_point, second.zero_point, output.zero_point
        return _affine(scaling_of(graph, node), slopes, zero_points, self._bounds(graph, node))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        shape = self._broadcast(graph, node)
        pairs = shape.first[3] == shape.second[3]
        each = (8.5 if self._bounds(graph, node) != (-128, 127) else 6.0) if pairs else 5.8
        return Cost(shape.rows * (115.0 + each * shape.extents[3]))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        affine = self._fitted(graph, node)
        assert affine is not None, "supports() said that there is one"
        fields = (
            CField("affine", elementwise.affine_initialiser(affine, *self._bounds(graph, node))),
            CField("broadcast", self._broadcast(graph, node).initialiser()),
        )
        return KernelCode((), fields)


class _Table(_AnyShapes):
    name = "ep_add_table_s8"
    code_bytes = 500

    def supports(self, graph: Graph, node: Node) -> bool:
        return has_fast_requantization((scaling_of(graph, node).output,))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        shape = self._broadcast(graph, node)
        each = 12.5 if shape.first[3] == shape.second[3] else 42.0
        return Cost(shape.rows * (90.0 + each * shape.extents[3]), table_bytes=4.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        scaling, tensors = scaling_of(graph, node), self._tensors(graph, node)
        zero_points = tuple(tensor.quantized().zero_point for tensor in tensors)
        second = tensors[1].quantized().scale > tensors[0].quantized().scale
        shifted, other = _addends(scaling, zero_points)[:: -1 if second else 1]
        step = int(shifted[1] - shifted[0])
        table = other + int(shifted[128])
        fast = fast_requantization((scaling.output,))
        low, high = self._bounds(graph, node)
        members = (
            f".table = {{array:table}}, .shifted = {step >> 8}, .factor = {fast.factor[0]}, .scale = {fast.scale[0]}, "
            f".zero_point = {zero_points[2]}, {elementwise.bounds_members(low, high)}"
        )
        shape = self._broadcast(graph, node)
        fields = (
            CField("sum", f"{{{members}}}"),
            CField("second_is_shifted", str(int(second))),
            CField("broadcast", (shape.swapped if second else shape).initialiser()),
        )
        return KernelCode((CArray("int32_t", "table", np.roll(table, 128).astype(np.int32)),), fields)


def _members(graph: Graph, node: Node) -> str:
    return ", ".join(f".{field.name} = {field.text}" for field in _fields(graph, node))


class _Helium(_Dsp):
    name = "ep_add_s8_mve"
    needs = frozenset({Extension.HELIUM})
    code_bytes = 400

    def supports(self, graph: Graph, node: Node) -> bool:
        return graph.required(node, 0).shape == graph.required(node, 1).shape and super().supports(graph, node)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """About 45 instructions for 16 values, most of them on vectors of two beats."""
        return Cost(60.0 + 5.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        affine = self._fitted(graph, node)
        assert affine is not None, "supports() said that there is one"
        fields = (
            CField("affine", elementwise.affine_initialiser(affine, *self._bounds(graph, node))),
            CField("count", str(graph.output(node).size)),
        )
        return KernelCode((), fields)


class _Neon(_Dsp):
    name = "ep_add_s8_neon"
    needs = frozenset({Extension.NEON})
    code_bytes = 500

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions: about 40 for 16 values."""
        shape = self._broadcast(graph, node)
        return Cost(shape.rows * (40.0 + 2.5 * shape.extents[3]))


class _NeonSteps(_AnyShapes):
    name = "ep_add_steps_s8_neon"
    needs = frozenset({Extension.NEON})
    code_bytes = 700

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions: about 90 for 16 values."""
        shape = self._broadcast(graph, node)
        return Cost(shape.rows * (60.0 + 5.5 * shape.extents[3]))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        fields = (
            CField("sum", "{" + _members(graph, node) + "}"),
            CField("broadcast", self._broadcast(graph, node).initialiser()),
        )
        return KernelCode((), fields)


class _Float(FloatRows):
    name = "ep_add_f32"
    folder = _FOLDER
    cycles = 22.0


#: What runs ADD and SUB of int8.
INT8_KERNELS = (_Flat(), _Broadcast(), _Dsp(), _Table(), _Helium(), _Neon(), _NeonSteps())


class Add(Sum):
    """ADD of int8, int16 or float32."""

    name = "ADD"
    summary = "Element-wise sum of two tensors with broadcasting and fused activation."
    kernels = (*INT8_KERNELS, *INT16_KERNELS, _Float())


OPERATOR = Add()
