"""MUL: element-wise product with broadcasting."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, elementwise, lookup, neon
from edgeprune.ops.arithmetic import Multiplier, activation_range, quantize_multiplier, requantize
from edgeprune.ops.base import CField
from edgeprune.ops.binary import Binary, FloatRows, RowKernel, broadcastable, range_fields, second_input_alike
from edgeprune.ops.enums import activation_name
from edgeprune.ops.requantize import LARGEST_SHIFT, SMALLEST_SHIFT
from edgeprune.targets import Extension

_FOLDER = Path(__file__).parent
#: Of two differences from zero points.
_LARGEST_PRODUCT = 255 * 255


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


@functools.lru_cache(maxsize=256)
def _scale(multiplier: Multiplier, zero_point: int) -> int | None:
    """The second factor with which rounding ties up gives the reference's output for every product, if there is one.

    One more than a power of two moves ties of negative numbers down, and of others up.
    """
    shift = -multiplier.shift
    if not multiplier.mantissa or not SMALLEST_SHIFT <= shift <= LARGEST_SHIFT:
        return None
    products = np.arange(-_LARGEST_PRODUCT, _LARGEST_PRODUCT + 1, dtype=np.int64)
    wanted = lookup.saturated(requantize(products, multiplier.mantissa, multiplier.shift) + zero_point)
    steps = (products * multiplier.mantissa + (1 << 30)) >> 31
    for scale in (1 << (32 - shift)) + np.arange(3):
        found = zero_point + ((steps * scale + (1 << 31)) >> 32)
        if scale < 1 << 31 and (lookup.saturated(found) == wanted).all():
            return int(scale)
    return None


class _Int8Dsp(RowKernel):
    name = "ep_mul_s8_dsp"
    folder = _FOLDER
    needs = frozenset({Extension.DSP})
    code_bytes = 800
    cycles = 7.2
    row_cycles = 135.0

    def supports(self, graph: Graph, node: Node) -> bool:
        return self._scale(graph, node) is not None

    @staticmethod
    def _scale(graph: Graph, node: Node) -> int | None:
        return _scale(multiplier_of(graph, node), graph.output(node).quantized().zero_point)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        low, high = activation_range(cast(MulOptions, node.options).activation, graph.output(node))
        zeros = [graph.required(node, i).quantized().zero_point for i in (0, 1)]
        members = {
            "first": f"0x{(-zeros[0] & 0xFFFF) * 0x10001:08x}u",
            "second": f"0x{(-zeros[1] & 0xFFFF) * 0x10001:08x}u",
            "factor": str(2 * multiplier_of(graph, node).mantissa - (1 << 32)),
            "scale": str(self._scale(graph, node)),
            "zero_point": str(graph.output(node).quantized().zero_point),
            "low": elementwise.four_bytes(low),
            "high": elementwise.four_bytes(high),
        }
        text = ", ".join(f".{name} = {value}" for name, value in members.items())
        return (CField("product", f"{{{text}}}"),)


class _Int8Neon(RowKernel):
    name = "ep_mul_s8_neon"
    folder = _FOLDER
    needs = frozenset({Extension.NEON})
    code_bytes = 600
    cycles = 2.8
    row_cycles = 40.0

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        zeros = zip(("first_zero_point", "second_zero_point"), (0, 1), strict=True)
        multiplier, activation = multiplier_of(graph, node), cast(MulOptions, node.options).activation
        return (
            *(CField(name, str(graph.required(node, i).quantized().zero_point)) for name, i in zeros),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("output", neon.output_initialiser(graph, node, (multiplier,), activation)),
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
    kernels = (_Int8(), _Int8Dsp(), _Int8Neon(), _Int16(), _Float())

    def decode(self, options: Any) -> MulOptions:
        """Translate `MulOptionsT`."""
        return MulOptions(activation_name(options.fusedActivationFunction))


OPERATOR = Mul()
