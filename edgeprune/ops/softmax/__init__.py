"""SOFTMAX: over the last dimension; integers in fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.interpolation import samples
from edgeprune.ops.softmax.exponential import exponentials
from edgeprune.ops.unary import float_cycles
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent
#: Bits before the binary point of a scaled difference to the row's maximum.
_INTEGER_BITS = 5
#: Cycles of a row beside its values: its reciprocal.
_ROW_CYCLES = 290.0


@dataclass(frozen=True)
class SoftmaxOptions:
    """Options of SOFTMAX."""

    beta: float


def _real_multiplier(graph: Graph, node: Node) -> float:
    """From input steps to differences with `_INTEGER_BITS` integer bits, in double."""
    scale, beta = graph.required(node, 0).quantized().scale, cast(SoftmaxOptions, node.options).beta
    return min(beta * scale * (1 << (31 - _INTEGER_BITS)), (1 << 31) - 1.0)


def probabilities_scale(graph: Graph, node: Node) -> str | None:
    """An int8 output has the scale 1/256 and the zero point -128, an int16 output 1/32768 and 0."""
    if graph.required(node, 0).dtype is DType.FLOAT32:
        return None
    output = graph.output(node).quantized()
    wanted = (1 / 256, -128) if graph.output(node).dtype is DType.INT8 else (1 / 32768, 0)
    if (output.scale, output.zero_point) == wanted:
        return None
    return f"they are {output.scale:g} and {output.zero_point}"


def usable_beta(graph: Graph, node: Node) -> str | None:
    """Beta times the scale of an int8 input is at least 2**-26."""
    if graph.required(node, 0).dtype is not DType.INT8:
        return None
    real = _real_multiplier(graph, node)
    return None if real >= 1 else f"the product is {real / (1 << (31 - _INTEGER_BITS)):g}"


def _largest_difference(multiplier: Multiplier) -> int:
    """To a row's maximum, in steps of the input; exp() of larger ones counts as zero."""
    integer_range = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS))
    return math.floor(integer_range / (1 << multiplier.shift))


def _rows(graph: Graph, node: Node) -> int:
    source = graph.required(node, 0)
    return source.size // source.shape[-1]


class _Plain(Kernel):
    name = "ep_softmax_s8"
    folder = _FOLDER

    code_bytes = 900

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(_rows(graph, node) * _ROW_CYCLES + 130.0 * graph.output(node).size)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        multiplier = quantize_multiplier(_real_multiplier(graph, node))
        fields = (
            CField("rows", str(_rows(graph, node))),
            CField("depth", str(graph.required(node, 0).shape[-1])),
            CField("mantissa", str(multiplier.mantissa)),
            CField("left_shift", str(multiplier.shift)),
            CField("lowest_difference", str(-_largest_difference(multiplier))),
        )
        return KernelCode((), fields)


class _Table(Kernel):
    name = "ep_softmax_table_s8"
    folder = _FOLDER
    code_bytes = 600

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        size = graph.output(node).size
        return Cost(_rows(graph, node) * _ROW_CYCLES + 45.0 * size, table_bytes=8.0 * size)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        multiplier = quantize_multiplier(_real_multiplier(graph, node))
        count = min(_largest_difference(multiplier), 255) + 1
        table = CArray("int32_t", "exponential", exponentials(count, multiplier.mantissa, multiplier.shift))
        fields = (
            CField("rows", str(_rows(graph, node))),
            CField("depth", str(graph.required(node, 0).shape[-1])),
            CField("count", str(count)),
            CField("exponential", "{array:exponential}"),
        )
        return KernelCode((table,), fields)


def last_dimension(graph: Graph, node: Node) -> str | None:
    """The input has one to four dimensions."""
    shape = graph.required(node, 0).shape
    return None if 1 <= len(shape) <= 4 and shape[-1] > 0 else f"it has the shape {shape}"


class _Float32(Kernel):
    name = "ep_softmax_f32"
    folder = _FOLDER
    types = ("float32",)
    code_bytes = 400

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(float_cycles(_rows(graph, node) * 30 + 130.0 * graph.output(node).size, cpu))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        beta = base.c_float(cast(SoftmaxOptions, node.options).beta)
        return KernelCode((), (*_size_fields(graph, node), CField("beta", beta)))


class _Int16(Kernel):
    name = "ep_softmax_s16"
    folder = _FOLDER
    types = ("int16",)
    code_bytes = 500

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(_rows(graph, node) * 150 + 100.0 * graph.output(node).size)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Tables and multiplier as the reference prepares them."""
        scale, beta = graph.required(node, 0).quantized().scale, cast(SoftmaxOptions, node.options).beta
        multiplier = quantize_multiplier(scale * beta / (10 / 65535))
        tables = (
            CArray("int16_t", "exponential", samples(10 / 65535, 32767, 2 / 65535, np.exp, np.float64)),
            CArray("int16_t", "reciprocal", samples(1 / 65535, -32768, 2 / 65535, lambda x: 1 / (1 + x), np.float64)),
        )
        fields = (
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("exponential", "{array:exponential}"),
            CField("reciprocal", "{array:reciprocal}"),
        )
        return KernelCode(tables, (*_size_fields(graph, node), *fields))


def _size_fields(graph: Graph, node: Node) -> tuple[CField, CField]:
    return CField("rows", str(_rows(graph, node))), CField("depth", str(graph.required(node, 0).shape[-1]))


class Softmax(Operator):
    """SOFTMAX over int8, int16 or float32."""

    name = "SOFTMAX"
    summary = "Softmax over the last dimension."
    constraints = (base.arithmetic_input_and_output, last_dimension, probabilities_scale, usable_beta)
    kernels = (_Plain(), _Table(), _Int16(), _Float32())

    def decode(self, options: Any) -> SoftmaxOptions:
        """Translate `SoftmaxOptionsT`."""
        return SoftmaxOptions(float(options.beta))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Softmax()
