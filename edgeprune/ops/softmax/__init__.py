"""SOFTMAX: over the last dimension, in fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edgeprune.graph import Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import McuCpu

_FOLDER = Path(__file__).parent
#: Bits before the binary point of a scaled difference to the row's maximum.
_INTEGER_BITS = 5


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


class _Plain(Kernel):
    name = "ep_softmax_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(330.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source = graph.required(node, 0)
        multiplier = quantize_multiplier(_real_multiplier(graph, node))
        integer_range = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS))
        fields = (
            CField("rows", str(source.size // source.shape[-1])),
            CField("depth", str(source.shape[-1])),
            CField("mantissa", str(multiplier.mantissa)),
            CField("left_shift", str(multiplier.shift)),
            CField("lowest_difference", str(-math.floor(integer_range / (1 << multiplier.shift)))),
        )
        return KernelCode((), fields)


def last_dimension(graph: Graph, node: Node) -> str | None:
    """The input has one to four dimensions."""
    shape = graph.required(node, 0).shape
    return None if 1 <= len(shape) <= 4 and shape[-1] > 0 else f"it has the shape {shape}"


class Softmax(Operator):
    """SOFTMAX over int8."""

    name = "SOFTMAX"
    summary = "Softmax over the last dimension."
    constraints = (base.int8_input_and_output, last_dimension, probabilities_scale, usable_beta)
    kernels = (_Plain(),)

    def decode(self, options: Any) -> SoftmaxOptions:
        """Translate `SoftmaxOptionsT`."""
        return SoftmaxOptions(float(options.beta))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Softmax()
