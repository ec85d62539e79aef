"""HARD_SWISH: x * ReLU6(x + 3) / 6."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, lookup
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.lookup import Integers
from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent

#: Real value of one step of the factor that goes from -1 to 1 between the inputs -3 and 3.
_FACTOR_STEP = np.float32(3 / 32768)
#: Inputs are raised by these bits into the upper part of int16.
_HEADROOM_BITS = 7
_INT16 = np.iinfo(np.int16)


def _narrow(multiplier: Multiplier) -> Multiplier:
    """With a mantissa of 15 bits, as the reference's int16 arithmetic has it."""
    return Multiplier(min((multiplier.mantissa + (1 << 15)) >> 16, _INT16.max), multiplier.shift)


def _multipliers(graph: Graph, node: Node) -> tuple[Multiplier, Multiplier]:
    """From raised inputs to the output's steps, and to the factor's."""
    raised = np.float32(graph.required(node, 0).quantized().scale) / np.float32(1 << _HEADROOM_BITS)
    output = raised / np.float32(graph.output(node).quantized().scale)
    return _narrow(quantize_multiplier(float(output))), _narrow(quantize_multiplier(float(raised / _FACTOR_STEP)))


def output_scale_above_the_input_headroom(graph: Graph, node: Node) -> str | None:
    """With int8, the output's scale is more than the input's divided by 128."""
    if graph.required(node, 0).dtype is not DType.INT8:
        return None
    return None if _multipliers(graph, node)[0].shift <= 0 else f"it is {graph.output(node).quantized().scale:g}"


def _product(values: Integers, mantissa: int) -> Integers:
    """High half of twice the product of int16 numbers, rounded to nearest, ties up."""
    return (values * mantissa + (1 << 14)) >> 15


def _divided(values: Integers, shift: int) -> Integers:
    """By 2**shift, halves away from zero, with the mask in int16 as the reference has it."""
    mask = int(np.int64((1 << shift) - 1).astype(np.int16))
    threshold = (mask >> 1) + (values < 0)
    quotient: Integers = (values >> shift) + ((values & mask) > threshold)
    return quotient


def _factor(values: Integers, multiplier: Multiplier) -> Integers:
    """The part of the input that is let through, 0 to 2**15 - 1."""
    if multiplier.shift > 0:
        raised = np.clip(values << (multiplier.shift - 1), _INT16.min, _INT16.max)
        scaled = np.clip(_product(raised, multiplier.mantissa) << 1, _INT16.min, _INT16.max)
    else:
        scaled = _divided(_product(values, multiplier.mantissa), -multiplier.shift)
    return (scaled + (1 << 15)) >> 1


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    raised = lookup.inputs(graph.required(node, 0)) << _HEADROOM_BITS
    output, factor = _multipliers(graph, node)
    product = _factor(raised, factor) * _product(raised, output.mantissa)
    truncated = np.sign(product) * (np.abs(product) >> 15)
    return lookup.saturated(_divided(truncated, -output.shift) + graph.output(node).quantized().zero_point)


class _Float(FloatKernel):
    name = "ep_hard_swish_f32"
    folder = _FOLDER
    cycles = 40.0


class HardSwish(Unary):
    """HARD_SWISH of int8 or float32."""

    name = "HARD_SWISH"
    summary = "x * ReLU6(x + 3) / 6."
    constraints = (base.arithmetic_input_and_output, output_scale_above_the_input_headroom)
    kernels = (lookup.LookupKernel(_table), _Float())


OPERATOR = HardSwish()
