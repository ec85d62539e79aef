"""SQUARED_DIFFERENCE: the square of the difference of two values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField
from edgeprune.ops.binary import Binary, PlainRows, RowKernel, broadcastable, second_input_alike

_FOLDER = Path(__file__).parent
#: Inputs are raised by these bits before they are rescaled, as `ep_squared_difference_s8.c` does.
_HEADROOM_BITS = 7


@dataclass(frozen=True)
class _Scaling:
    inputs: tuple[Multiplier, Multiplier]
    output: Multiplier


def _scaling(graph: Graph, node: Node) -> _Scaling:
    """Both inputs go to twice the larger scale; the square goes from there to the output's."""
    first, second = (graph.required(node, i).quantized().scale for i in (0, 1))
    common = 2.0 * max(first, second)
    output = common * common / ((1 << (2 * _HEADROOM_BITS)) * graph.output(node).quantized().scale)
    return _Scaling(
        (quantize_multiplier(first / common), quantize_multiplier(second / common)), quantize_multiplier(output)
    )


def output_scale_within_range(graph: Graph, node: Node) -> str | None:
    """With int8, the output's scale is more than the square of the larger input scale divided by 2**12."""
    if graph.output(node).dtype is not DType.INT8:
        return None
    shift = _scaling(graph, node).output.shift
    return None if shift <= 0 else f"the output multiplier has the shift {shift}"


class _Int8(RowKernel):
    name = "ep_squared_difference_s8"
    folder = _FOLDER
    cycles = 50.0

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        scaling = _scaling(graph, node)
        rows = []
        for name, index, multiplier in zip(("first", "second"), (0, 1), scaling.inputs, strict=True):
            rows += [
                CField(f"{name}_zero_point", str(graph.required(node, index).quantized().zero_point)),
                CField(f"{name}_mantissa", str(multiplier.mantissa)),
                CField(f"{name}_shift", str(multiplier.shift)),
            ]
        return (
            *rows,
            CField("mantissa", str(scaling.output.mantissa)),
            CField("shift", str(scaling.output.shift)),
            CField("zero_point", str(graph.output(node).quantized().zero_point)),
        )


class _Float(PlainRows):
    name = "ep_squared_difference_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = 16.0


class SquaredDifference(Binary):
    """SQUARED_DIFFERENCE of int8 or float32."""

    name = "SQUARED_DIFFERENCE"
    summary = "Element-wise square of the difference of two tensors with broadcasting."
    constraints = (
        base.arithmetic_input_and_output,
        second_input_alike,
        broadcastable,
        output_scale_within_range,
    )
    kernels = (_Int8(), _Float())


OPERATOR = SquaredDifference()
