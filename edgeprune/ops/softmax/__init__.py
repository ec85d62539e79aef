"""SOFTMAX: over the last dimension, in fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edgeprune.graph import Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.softmax.exponential import exponentials
from edgeprune.targets import McuCpu

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
    """The output has the scale 1/256 and the zero point -128."""
    output = graph.output(node).quantized()
    if (output.scale, output.zero_point) == (1 / 256, -128):
        return None
    return f"they are {output.scale:g} and {output.zero_point}"


def usable_beta(graph: Graph, node: Node) -> str | None:
    """Beta times the input's scale is at least 2**-26."""
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

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
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

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
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


class Softmax(Operator):
    """SOFTMAX over int8."""

    name = "SOFTMAX"
    summary = "Softmax over the last dimension."
    constraints = (base.int8_input_and_output, last_dimension, probabilities_scale, usable_beta)
    kernels = (_Plain(), _Table())

    def decode(self, options: Any) -> SoftmaxOptions:
        """Translate `SoftmaxOptionsT`."""
        return SoftmaxOptions(float(options.beta))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Softmax()
