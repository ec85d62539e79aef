"""Operators that map each int8 value to another: a table of 256, computed when code is generated.

A table repeats what the reference kernel computes for each input, in the same fixed-point or
float32 steps.  Where the reference calls exp or tanh, the function is taken in double here and
rounded to float32, which no C library is further from than the reference's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import DType, Graph, Node, Tensor
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier, requantize
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.targets import Cpu

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
#: Outputs of a node for all values of its input, the smallest first; each of one byte.
Table = Callable[[Graph, Node], npt.NDArray[np.generic]]
_BEYOND_INT8 = np.float32(1 << 20)


class LookupKernel(Kernel):
    """int8 to int8 through a table, over the input's own memory where nothing else needs it.

    Args:
        table: Computes the outputs for all inputs, the smallest first.
    """

    name = "ep_lookup_s8"
    folder = runtime.FOLDER
    code_bytes = 120

    def __init__(self, table: Table) -> None:
        self._table = table

    def outputs(self, graph: Graph, node: Node) -> npt.NDArray[np.generic]:
        """Outputs for all values of the input, the smallest first; each of one byte."""
        return self._table(graph, node)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        return Cost(45 + 4.4 * graph.output(node).size, loop_bytes=64)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table, turned so that the input's byte is its index."""
        table = self._table(graph, node).view(np.uint8)
        if graph.required(node, 0).dtype is DType.INT8:
            table = np.roll(table, 128)
        return KernelCode(
            (CArray("uint8_t", "table", table),),
            (CField("table", "{array:table}"), CField("count", str(graph.output(node).size))),
        )

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each value is read before it is replaced."""
        return (0,)


def inputs(source: Tensor) -> Integers:
    """All values of an int8 or uint8 tensor less its zero point."""
    first = -128 if source.dtype is DType.INT8 else 0
    return np.arange(first, first + 256, dtype=np.int64) - source.quantized().zero_point


def saturated(values: Integers) -> npt.NDArray[np.int8]:
    """The nearest int8 values."""
    return np.clip(values, -128, 127).astype(np.int8)


def float_multiplier(numerator: float, denominator: float) -> Multiplier:
    """The quotient of two float32 scales, divided in float32, as fixed-point multiplier."""
    return quantize_multiplier(float(np.float32(numerator) / np.float32(denominator)))


def rescaled(values: Integers, multiplier: Multiplier) -> Integers:
    """`ep_requantize` of each value, whose left shift wraps around at 32 bits."""
    left = max(multiplier.shift, 0)
    raised = (values << left).astype(np.int32).astype(np.int64)
    return requantize(raised, multiplier.mantissa, multiplier.shift - left)


def rounded(values: Floats) -> Floats:
    """To whole numbers, halves away from zero."""
    whole = np.trunc(values)
    away = np.abs(values - whole) >= np.float32(0.5)
    return np.where(away, whole + np.copysign(np.float32(1), values), whole).astype(np.float32)


def float_table(source: Tensor, output: Tensor, function: Callable[[Floats], Floats]) -> npt.NDArray[np.int8]:
    """The table that the reference builds with a float32 function of real values."""
    real = np.float32(source.quantized().scale) * inputs(source).astype(np.float32)
    with np.errstate(over="ignore"):
        steps = function(real) * (np.float32(1) / np.float32(output.quantized().scale))
    shifted = rounded(np.clip(steps, -_BEYOND_INT8, _BEYOND_INT8)) + np.float32(output.quantized().zero_point)
    return np.clip(shifted, np.float32(-128), np.float32(127)).astype(np.int8)


def exponential(values: Floats) -> Floats:
    """The exponential function, rounded once."""
    with np.errstate(over="ignore"):
        return np.exp(values.astype(np.float64)).astype(np.float32)
