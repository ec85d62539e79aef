"""int16x8 and float32 kernels of the layers with weights: convolutions and dense layers.

All are one loop over sliding windows with groups, `ep_convolve_s16` and `ep_convolve_f32`; an
operator tells by a `Form` what its weights and window look like there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, c_float
from edgeprune.ops.unary import FLOAT_RANGES, float_cycles
from edgeprune.targets import Cpu

_FOLDER = runtime.FOLDER
#: Mantissas from here on would round to more than 15 bits.
_LARGEST_MANTISSA = 0x7FFF0000


@dataclass(frozen=True, eq=False)
class Form:
    """A layer as a convolution with groups.

    Attributes:
        window: The `ep_window`.
        weights: [output channels, height, width, channels of a group], of any type.
        activation: The fused activation.
        macs: Multiplications of one execution.
    """

    window: CField
    weights: npt.NDArray[np.generic]
    activation: str
    macs: int


#: The form of a node, and its multipliers, one per output channel.
FormOf = Callable[[Graph, Node], Form]
MultipliersOf = Callable[[Graph, Node], tuple[Multiplier, ...]]


@dataclass(frozen=True)
class Float32(Kernel):
    """float32 weights and values."""

    form: FormOf

    name = "ep_convolve_f32"
    folder = _FOLDER
    types = ("float32",)
    code_bytes = 500

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """A multiplication with two loads, and the loops around it."""
        form = self.form(graph, node)
        cycles = 6.0 * form.macs + 60.0 * graph.output(node).size
        return Cost(float_cycles(cycles, cpu), form.weights.nbytes)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights and bias."""
        form = self.form(graph, node)
        low, high = FLOAT_RANGES[form.activation]
        arrays = (
            CArray("float", "weights", form.weights.astype(np.float32)),
            CArray("float", "bias", _bias(graph, node, len(form.weights)).astype(np.float32)),
        )
        return KernelCode(arrays, (*_fields(form), CField("low", c_float(low)), CField("high", c_float(high))))


@dataclass(frozen=True)
class Int16(Kernel):
    """int16 values, int8 weights, 64-bit sums."""

    form: FormOf
    multipliers: MultipliersOf

    name = "ep_convolve_s16"
    folder = _FOLDER
    types = ("int16",)
    code_bytes = 700

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """A long multiplication with two loads, and the loops around it."""
        form = self.form(graph, node)
        slow = 4.0 if cpu.facts.architecture == "armv6-m" else 1.0
        return Cost(slow * (7.0 * form.macs + 90.0 * graph.output(node).size), form.weights.nbytes)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights, bias, and the multipliers that 64-bit sums are rescaled with."""
        form, multipliers = self.form(graph, node), self.multipliers(graph, node)
        low, high = activation_range(form.activation, graph.output(node))
        arrays = (
            CArray("int8_t", "weights", form.weights.astype(np.int8)),
            CArray("int64_t", "bias", _bias(graph, node, len(form.weights)).astype(np.int64)),
            *multiplier_arrays(multipliers),
        )
        tables = (CField("multiplier", "{array:multiplier}"), CField("shift", "{array:shift}"))
        return KernelCode(arrays, (*_fields(form), *tables, CField("low", str(low)), CField("high", str(high))))


def multiplier_arrays(multipliers: Sequence[Multiplier]) -> tuple[CArray, CArray]:
    """Tables `multiplier` and `shift` for 64-bit sums.

    TFLite's `MultiplyByQuantizedMultiplier` of an int64 keeps the upper 15 bits of the mantissa.
    """
    reduced = [0x7FFF if m.mantissa >= _LARGEST_MANTISSA else (m.mantissa + (1 << 15)) >> 16 for m in multipliers]
    return (
        CArray("int16_t", "multiplier", np.array(reduced, np.int16)),
        CArray("int8_t", "shift", np.array([15 - m.shift for m in multipliers], np.int8)),
    )


def _fields(form: Form) -> tuple[CField, ...]:
    return (
        form.window,
        CField("weights", "{array:weights}"),
        CField("bias", "{array:bias}"),
        CField("group_c", str(form.weights.shape[3])),
    )


def _bias(graph: Graph, node: Node, channels: int) -> npt.NDArray[np.generic]:
    bias = graph.operand(node, 2)
    return np.zeros(channels, np.int64) if bias is None else bias.constant().reshape(-1)
