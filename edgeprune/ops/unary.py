"""What operators with one input of any shape share, and their kernels for int16 and float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from edgeprune import runtime
from edgeprune.graph import Graph, Node
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.ops.base import CField, Constraint, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import Cpu, Extension

_LARGEST = float(np.finfo(np.float32).max)
#: What fused activations limit a float32 output to; without one, infinity becomes the largest number.
FLOAT_RANGES = {
    "NONE": (-_LARGEST, _LARGEST),
    "RELU": (0.0, _LARGEST),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}
#: About how many times longer float arithmetic takes on a core without an FPU.
_SOFT_FLOAT = 12.0


class Unary(Operator):
    """An operator whose output has the input's shape."""

    constraints: ClassVar[tuple[Constraint, ...]] = (base.arithmetic_input_and_output,)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


class FloatKernel(Kernel):
    """A kernel that applies one function to `count` float32 values, possibly in place."""

    types = ("float32",)
    code_bytes = 300
    #: Per value on a core with an FPU.
    cycles: ClassVar[float]

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the number of values."""
        return Cost(20 + float_cycles(self.cycles, cpu) * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The number of values only."""
        return KernelCode((), (CField("count", str(graph.output(node).size)),))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each value is read before it is replaced."""
        return (0,)


def float_cycles(cycles: float, cpu: Cpu) -> float:
    """Cycles of float32 work that takes `cycles` with an FPU."""
    return cycles if Extension.FPU in cpu.extensions else cycles * _SOFT_FLOAT


class ClampFloat(FloatKernel):
    """float32 limited to a range.

    Args:
        low: The least output.
        high: The greatest.
    """

    name = "ep_clamp_f32"
    folder = runtime.FOLDER
    cycles = 23.0

    def __init__(self, low: float, high: float) -> None:
        self._range = low, high

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The number of values, and the range."""
        low, high = (base.c_float(value) for value in self._range)
        fields = super().emit(graph, node).fields
        return KernelCode((), (*fields, CField("low", low), CField("high", high)))


#: For a node the multipliers of values >= 0 and < 0, and the output's range.
Slopes = Callable[[Graph, Node], tuple[Multiplier, Multiplier, tuple[int, int]]]


class SlopesInt16(Kernel):
    """int16 rescaled, by one multiplier where it is not negative and by another where it is.

    Args:
        slopes: Gives the multipliers and the range of a node's outputs.
    """

    name = "ep_slopes_s16"
    types = ("int16",)
    folder = runtime.FOLDER
    code_bytes = 160

    def __init__(self, slopes: Slopes) -> None:
        self._slopes = slopes

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the number of values."""
        return Cost(20 + 43.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Both multipliers and the range."""
        positive, negative, (low, high) = self._slopes(graph, node)
        fields = (
            CField("count", str(graph.output(node).size)),
            CField("positive", f"{{.mantissa = {positive.mantissa}, .shift = {positive.shift}}}"),
            CField("negative", f"{{.mantissa = {negative.mantissa}, .shift = {negative.shift}}}"),
            CField("low", str(low)),
            CField("high", str(high)),
        )
        return KernelCode((), fields)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each value is read before it is replaced."""
        return (0,)
