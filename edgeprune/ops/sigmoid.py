"""LOGISTIC and TANH of int16: both interpolate in one table of the sigmoid function.

The table holds sigmoid(i / 24) for i from 0 to 255, in steps of 2**-16.  Inputs come to
1 / (3 * 4096) per step of int16, at which the table ends at 10.7.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node, Tensor
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.targets import Cpu

_ENTRIES, _ENTRIES_PER_UNIT = 256, 24
#: Scale of the int16 inputs that are only multiplied by three.
_NATIVE_BITS = 12
_LARGEST = (1 << 15) - 1
#: Entries that are one above the nearest whole number in the reference, found from its outputs for all inputs.
_RAISED = (
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46, 49,
    50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
)  # fmt: skip


def input_scale_within_the_table(graph: Graph, node: Node) -> str | None:
    """With int16, the input's scale is at most 2.66."""
    source = graph.required(node, 0)
    if source.dtype is not DType.INT16 or source.quantized().scale * 3 * (1 << _NATIVE_BITS) < _LARGEST:
        return None
    return f"it is {source.quantized().scale:g}"


def sigmoid_table() -> npt.NDArray[np.uint16]:
    """sigmoid(i / 24) in steps of 2**-16, uint16 [256]."""
    exact = 65536 / (1 + np.exp(-np.arange(_ENTRIES) / _ENTRIES_PER_UNIT))
    nearest: npt.NDArray[np.uint16] = np.floor(exact + 0.5).astype(np.uint16)
    nearest[list(_RAISED)] += 1
    return nearest


def _factor(source: Tensor, doublings: tuple[int, ...]) -> tuple[int, int]:
    """(multiplier, right shift) that bring an input to the table's steps."""
    scale = source.quantized().scale
    fraction, exponent = math.frexp(scale)
    if fraction == 0.5 and exponent - 1 + _NATIVE_BITS in doublings:
        return 3 << (exponent - 1 + _NATIVE_BITS), 0
    multiplier, shift = scale * 3 * (1 << _NATIVE_BITS), 0
    while multiplier <= _LARGEST / 2 and shift <= 30:
        multiplier, shift = multiplier * 2, shift + 1
    return int(multiplier), shift


class SigmoidInt16(Kernel):
    """One of the two functions."""

    types = ("int16",)
    code_bytes = 200
    #: How often an input scale may be twice 2**-12 and still be taken exactly.
    doublings: ClassVar[tuple[int, ...]]

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the number of values."""
        return Cost(20 + 37.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table, and how inputs come to its steps."""
        multiplier, shift = _factor(graph.required(node, 0), self.doublings)
        fields = (
            CField("table", "{array:table}"),
            CField("count", str(graph.output(node).size)),
            CField("multiplier", str(multiplier)),
            CField("shift", str(shift)),
            CField("rounding", str((1 << shift) >> 1)),
        )
        return KernelCode((CArray("uint16_t", "table", sigmoid_table()),), fields)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each value is read before it is replaced."""
        return (0,)
