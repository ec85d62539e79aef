"""Exact requantization in three or four instructions on cores with SMMLAR.

The reference rounds twice: t = round(acc * m / 2^31), ties up, for a mantissa m in [2^30, 2^31),
then out = zero_point + round(t / 2^s), ties away from zero.  Both steps are one SMMLAR each
(SMMLAR(a, b, c) = c + round(a * b / 2^32), ties up):

    t   = SMMLAR(acc, 2 * m - 2^32, acc)        the doubled mantissa does not fit, its excess does
    t   = t - (t < 0)                           makes ties of negative numbers go down
    out = SMMLAR(t, 2^(32 - s), zero_point)     for 2 <= s <= 31

followed by SSAT.  The middle line is not needed where the lower clamp is at or above the zero
point, as after ReLU: negative t are clamped either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier

#: Right shifts that the second SMMLAR can do.
SMALLEST_SHIFT, LARGEST_SHIFT = 2, 31


@dataclass(frozen=True, eq=False)
class FastRequantization:
    """Factors of `ep_requantize_fast`, one per channel.

    Attributes:
        factor: int32, the doubled mantissa less 2^32 (0 for a multiplier of 0, see `fast_requantization`).
        scale: int32, 2^(32 - s).
    """

    factor: npt.NDArray[np.int32]
    scale: npt.NDArray[np.int32]


def right_shifts(multipliers: Sequence[Multiplier]) -> npt.NDArray[np.int64]:
    """Right shift per channel; a multiplier of 0 counts as the largest."""
    return np.array([-m.shift if m.mantissa else LARGEST_SHIFT for m in multipliers], np.int64)


def has_fast_requantization(multipliers: Sequence[Multiplier]) -> bool:
    """Whether all multipliers are below 1/4, so that each has a right shift of at least 2."""
    return bool((right_shifts(multipliers) >= SMALLEST_SHIFT).all())


def fast_requantization(multipliers: Sequence[Multiplier]) -> FastRequantization:
    """The factors of multipliers for which `has_fast_requantization` holds.

    A multiplier of 0 becomes 2^-31, which makes the same outputs of accumulators within 30 bits.
    """
    factor = np.array([2 * m.mantissa - (1 << 32) if m.mantissa else 0 for m in multipliers], np.int64)
    scale = np.left_shift(np.int64(1), 32 - right_shifts(multipliers))
    return FastRequantization(factor.astype(np.int32), scale.astype(np.int32))


def accumulator_bounds(
    graph: Graph, node: Node, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bias with the input's zero point folded in, and what bounds the accumulators.

    Args:
        graph: The graph.
        node: Its inputs are int8 data, weights and an optional int32 bias.
        rows: int64 [channels, depth], the weights that each output channel sees.

    Returns:
        int64 [channels] each: the folded bias, so that acc = bias + sum(w * q) over the raw
        inputs q; the least and the greatest that bias + any part of such a sum can be, given
        that each q is within -128 and 127.
    """
    bias_tensor = graph.operand(node, 2)
    bias = np.zeros(len(rows), np.int64) if bias_tensor is None else bias_tensor.constant().astype(np.int64).reshape(-1)
    folded = bias - graph.required(node, 0).quantized().zero_point * rows.sum(axis=1)
    low = np.minimum(rows * -128, rows * 127).sum(axis=1)
    high = np.maximum(rows * -128, rows * 127).sum(axis=1)
    return folded, folded + np.minimum(low, 0), folded + np.maximum(high, 0)
