"""MUL: element-wise product with broadcasting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField
from edgeprune.ops.binary import Binary, FloatRows, RowKernel, broadcastable, range_fields, second_input_alike
from edgeprune.ops.enums import activation_name

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class MulOptions:
    """Options of MUL."""

    activation: str


def multiplier_of(graph: Graph, node: Node) -> Multiplier:
    """From products to the output's steps; the scales are multiplied and divided in float32."""
    first, second = (np.float32(graph.required(node, i).quantized().scale) for i in (0, 1))
    return quantize_multiplier(float(first * second / np.float32(graph.output(node).quantized().scale)))


class _Int16(RowKernel):
    name = "ep_mul_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = 35.0

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        multiplier = multiplier_of(graph, node)
        return (
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            *range_fields(graph, node),
        )


class _Int8(_Int16):
    name = "ep_mul_s8"
    types = ("int8",)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        zeros = zip(("first_zero_point", "second_zero_point"), (0, 1), strict=True)
        return (
            *(CField(name, str(graph.required(node, i).quantized().zero_point)) for name, i in zeros),
            CField("zero_point", str(graph.output(node).quantized().zero_point)),
            *super().fields(graph, node),
        )


class _Float(FloatRows):
    name = "ep_mul_f32"
    folder = _FOLDER
    cycles = 22.0


class Mul(Binary):
    """MUL of int8, int16 or float32."""

    name = "MUL"
    summary = "Element-wise product of two tensors with broadcasting and fused activation."
    constraints = (base.arithmetic_input_and_output, second_input_alike, broadcastable, base.fused_activation)
    kernels = (_Int8(), _Int16(), _Float())

    def decode(self, options: Any) -> MulOptions:
        """Translate `MulOptionsT`."""
        return MulOptions(activation_name(options.fusedActivationFunction))


OPERATOR = Mul()
