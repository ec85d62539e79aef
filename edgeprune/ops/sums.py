"""ADD and SUB: what they share, and their int16 kernels.

SUB is ADD with the second multiplier negated, as in the reference, whose rounding is not symmetric.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edgeprune.graph import DType, Graph, Node, Tensor
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField
from edgeprune.ops.binary import Binary, RowKernel, broadcastable, range_fields, second_input_alike
from edgeprune.ops.enums import activation_name

_FOLDER = Path(__file__).parent / "add"
#: int8 inputs are scaled up by 2**20 before they are rescaled, so that few bits are lost.
HEADROOM_BITS = 20
_INT16_HEADROOM_BITS = 15


@dataclass(frozen=True)
class SumOptions:
    """Options of ADD and SUB.

    Attributes:
        activation: Name of the fused activation.
        powers_of_two: Whether int16 tensors whose scales are powers of two are only shifted.
    """

    activation: str
    powers_of_two: bool


@dataclass(frozen=True)
class Scaling:
    """How the two inputs and their sum are rescaled."""

    first: Multiplier
    second: Multiplier
    output: Multiplier


def sign(node: Node) -> int:
    """What the second input counts for."""
    return -1 if node.op == "SUB" else 1


def scaling_of(graph: Graph, node: Node) -> Scaling:
    """Both inputs go to a common scale, twice the larger one; the sum goes from there to the output's."""
    first, second = (graph.required(node, i).quantized().scale for i in (0, 1))
    common = 2.0 * max(first, second)
    bits = _INT16_HEADROOM_BITS if graph.output(node).dtype is DType.INT16 else HEADROOM_BITS
    added = quantize_multiplier(second / common)
    return Scaling(
        quantize_multiplier(first / common),
        Multiplier(sign(node) * added.mantissa, added.shift),
        quantize_multiplier(common / ((1 << bits) * graph.output(node).quantized().scale)),
    )


def _exponent(tensor: Tensor) -> int | None:
    """The binary logarithm of an int16 tensor's scale, where that is a whole number."""
    fraction, exponent = math.frexp(tensor.quantized().scale)
    return exponent - 1 if fraction == 0.5 else None


def shifts(graph: Graph, node: Node) -> tuple[int, int] | None:
    """Right shifts of the two int16 inputs, where the node only shifts; None where it multiplies."""
    tensors = graph.required(node, 0), graph.required(node, 1), graph.output(node)
    if tensors[0].dtype is not DType.INT16 or not cast(SumOptions, node.options).powers_of_two:
        return None
    first, second, output = (_exponent(tensor) for tensor in tensors)
    return None if first is None or second is None or output is None else (output - first, output - second)


def output_scale_within_range(graph: Graph, node: Node) -> str | None:
    """The output's scale is more than the larger input scale divided by 2**19 (int8) or 2**14 (int16)."""
    if graph.output(node).dtype is DType.FLOAT32 or shifts(graph, node):
        return None
    shift = scaling_of(graph, node).output.shift
    return None if shift <= 0 else f"the output multiplier has the shift {shift}"


def one_input_in_the_output_scale(graph: Graph, node: Node) -> str | None:
    """int16 that is only shifted: equal shapes, one input with the output's scale, the other's not larger."""
    found = None if graph.output(node).dtype is DType.FLOAT32 else shifts(graph, node)
    if found is None or (min(found) == 0 and max(found) <= 31 and _same_shapes(graph, node)):
        return None
    return f"right shifts {found[0]} and {found[1]}, {graph.required(node, 0).shape}, {graph.required(node, 1).shape}"


def _same_shapes(graph: Graph, node: Node) -> bool:
    return graph.required(node, 0).shape == graph.required(node, 1).shape


class _Shifted(RowKernel):
    name = "ep_add_powers_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = 24.0

    def supports(self, graph: Graph, node: Node) -> bool:
        return shifts(graph, node) is not None

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        first, second = shifts(graph, node) or (0, 0)
        return (
            CField("first_shift", str(first)),
            CField("second_shift", str(second)),
            CField("sign", str(sign(node))),
            *range_fields(graph, node),
        )


class _Multiplied(RowKernel):
    name = "ep_add_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = 50.0

    def supports(self, graph: Graph, node: Node) -> bool:
        return shifts(graph, node) is None

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        scaling = scaling_of(graph, node)
        addends = tuple(
            CField(name, f"{{.mantissa = {multiplier.mantissa}, .shift = {multiplier.shift}}}")
            for name, multiplier in (("first", scaling.first), ("second", scaling.second))
        )
        output = scaling.output
        return (
            *addends,
            CField("mantissa", str(output.mantissa)),
            CField("shift", str(output.shift)),
            *range_fields(graph, node),
        )


#: Kernels of both operators for int16.
INT16_KERNELS = (_Shifted(), _Multiplied())


class Sum(Binary):
    """ADD or SUB."""

    constraints = (
        base.arithmetic_input_and_output,
        second_input_alike,
        broadcastable,
        output_scale_within_range,
        one_input_in_the_output_scale,
        base.fused_activation,
    )

    def decode(self, options: Any) -> SumOptions:
        """Translate `AddOptionsT` or `SubOptionsT`."""
        return SumOptions(activation_name(options.fusedActivationFunction), bool(options.potScaleInt16))
