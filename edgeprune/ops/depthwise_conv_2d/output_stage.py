"""How the sums of a depthwise convolution become outputs, as `ep_depthwise_tiles.h` computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, requantize
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.arithmetic import requantize as reference

#: Weights are int16 numbers in the kernel.
_LARGEST_TAP = 32767
#: SSAT shifts by this where it may, so that layers of one shape share their code.
_USUAL_SHIFT = 10
#: Above this shift an output times 2^(shift + 2) does not fit.
_LARGEST_SHIFT = 20
#: Sums within 31 bits can be doubled.
_LARGEST_SUM = (1 << 30) - 1


@dataclass(frozen=True, eq=False)
class OutputStage:
    """An output stage; arrays are int64 with one row or element per output channel.

    Attributes:
        shift: Of the SSAT; 0 for the way with two roundings.
        scale: [channels], powers of two by which taps are multiplied.
        words: [channels, 2 or 4], what stands behind the taps in the kernel's table.
        offset: What all channels add before the shift.
        more: [channels], what each adds beside, below 2^15.
    """

    shift: int
    scale: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    offset: int
    more: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Sums:
    """What an output stage has to deal with; arrays are int64 [channels]."""

    mantissas: npt.NDArray[np.int64]
    shifts: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    largest_tap: npt.NDArray[np.int64]
    zero_point: int


def output_stage(graph: Graph, node: Node) -> OutputStage | None:
    """The output stage of a depthwise convolution; None where the kernel would not be exact."""
    weights = graph.required(node, 1)
    rows = weights.constant().astype(np.int64).reshape(-1, weights.shape[3]).T
    multipliers = geometry.convolution_multipliers(graph, node, weights.shape[3])
    mantissas, shifts = _split(multipliers)
    bias, low, high = requantize.accumulator_bounds(graph, node, rows)
    zero_point = graph.output(node).quantized().zero_point
    sums = _Sums(mantissas, shifts, bias, low, high, np.abs(rows).max(axis=1), zero_point)
    if max(abs(low).max(), abs(high).max()) > _LARGEST_SUM:
        return None
    low_clamp = activation_range(geometry.convolution_options(node).activation, graph.output(node))[0]
    return (_one_rounding(sums) if low_clamp >= zero_point else None) or _two_roundings(sums)


def _split(multipliers: tuple[Multiplier, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    mantissas = np.array([m.mantissa for m in multipliers], np.int64)
    return mantissas, np.array([m.shift for m in multipliers], np.int64)


def _two_roundings(sums: _Sums) -> OutputStage | None:
    """The stage for any clamp: the reference's two roundings, one instruction each.

    A left shift is in taps and bias.  Of the product t, 2 * t - (t < 0) is rounded up to a multiple of
    2^(s+1): that is t rounded to a multiple of 2^s, ties away from zero, for any right shift s from 0 on.
    A multiplier of 0 becomes 2^-31, which makes zeros of such sums.
    """
    left = np.maximum(sums.shifts, 0)
    if (np.maximum(abs(sums.low), abs(sums.high)) > _LARGEST_SUM >> left).any():
        return None
    if ((sums.largest_tap << left) > _LARGEST_TAP).any():
        return None
    nothing = sums.mantissas == 0
    factor = np.where(nothing, 0, 2 * sums.mantissas - (1 << 32))
    right = np.where(nothing, 31, left - sums.shifts)
    zero_points = np.full(len(left), sums.zero_point)
    words = np.stack([sums.bias << left, factor, -(np.int64(1) << (31 - right)), zero_points], axis=1)
    return OutputStage(0, np.int64(1) << left, words, 0, np.zeros(len(left), np.int64))


def _one_rounding(sums: _Sums) -> OutputStage | None:
    """The stage for layers whose outputs below the zero point are clamped to it or above.

    With the right shift s >= 1 of a channel and k = shift + 1 - s >= 2, (offset + 2^(k-2) + acc * 2^k * mantissa
    / 2^32) >> shift is, by nested floors, what the reference's two roundings are when ties go up:
    ((acc * mantissa + 2^30) / 2^31 + 2^(s-1)) / 2^s.  A channel that can only have one value needs no k.
    """
    least, greatest = (
        np.maximum(reference(bound, sums.mantissas, sums.shifts) + sums.zero_point, sums.zero_point).clip(-128, 127)
        for bound in (sums.low, sums.high)
    )
    varies = (least != greatest) | (sums.shifts > 0)
    if (varies & (sums.shifts > -1)).any():  # without a right shift the reference rounds once
        return None
    extent = np.maximum(np.maximum(abs(sums.low), abs(sums.high)), 1)
    room = np.minimum(_powers(_LARGEST_TAP, sums.largest_tap), _powers((1 << 31) - 1, extent))
    smallest = int(np.max(1 - sums.shifts, where=varies, initial=1))
    largest = int(np.min(room - sums.shifts - 1, where=varies, initial=_LARGEST_SHIFT))
    if smallest > largest:
        return None
    shift = min(max(_USUAL_SHIFT, smallest), largest)
    k = np.where(varies, shift + 1 + sums.shifts, 2)
    offset = (sums.zero_point << shift) + (1 << (shift - 1))
    scale = np.where(varies, np.int64(1) << k, 0)
    constant = (least - sums.zero_point) << (shift + 2)  # times 2^30 / 2^32
    bias = np.where(varies, sums.bias * scale, constant)
    words = np.stack([bias, np.where(varies, sums.mantissas, 1 << 30)], axis=1)
    return OutputStage(shift, scale, words, offset, np.where(varies, np.int64(1) << (k - 2), 0))


def _powers(limit: int, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The greatest k for each value so that value * 2^k <= limit, at most 30."""
    fits = (values[:, None] << np.arange(31, dtype=np.int64)) <= limit
    powers: npt.NDArray[np.int64] = fits.sum(axis=1) - 1
    return powers
