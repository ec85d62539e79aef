"""Initialisers of `ep_scalar_stage`: requantization by products of 32 bits.

See runtime/ep_scalar_stage.h for the scheme.  It holds where sums fit 27 bits, multipliers are
below 1/2 and right shifts at most 22; then outputs are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import CArray
from edgeprune.ops.requantize import accumulator_bounds

#: Sums with the bias are within -2**26 and 2**26.
_SUM = 1 << 26
_SHIFTS = (1, 22)
#: What keeps the middle part of a product positive, as it is after the shift by 16.
_POSITIVE = 1 << 11


def fits(graph: Graph, node: Node, rows: npt.NDArray[np.int64], multipliers: Sequence[Multiplier]) -> bool:
    """Whether the scheme is exact for a node.

    Args:
        graph: The graph.
        node: Its inputs are int8 data, weights and an optional int32 bias.
        rows: int64 [channels, depth], the weights that each output channel sees.
        multipliers: One per channel.
    """
    _, low, high = accumulator_bounds(graph, node, rows)
    if low.min() < -_SUM or high.max() >= _SUM:
        return False
    shifts = np.array([-m.shift for m in multipliers])
    dead = _always_zero(multipliers, np.maximum(-low, high))
    return bool((dead | ((shifts >= _SHIFTS[0]) & (shifts <= _SHIFTS[1]))).all())


def _always_zero(multipliers: Sequence[Multiplier], greatest: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Channels whose sums, at most `greatest`, are all scaled to less than a quarter."""
    reals = np.array([m.mantissa * 2.0 ** (m.shift - 31) for m in multipliers])
    return np.asarray(reals * (greatest + 1) < 0.25)


def tables(
    graph: Graph,
    node: Node,
    rows: npt.NDArray[np.int64],
    multipliers: Sequence[Multiplier],
    activation: str,
    excess: int = 0,
) -> tuple[CArray, str]:
    """The table `stage` and the initialiser of an `ep_scalar_stage`, for a node that `fits`.

    Args:
        graph: As of `fits`.
        node: As of `fits`.
        rows: As of `fits`.
        multipliers: As of `fits`.
        activation: Name of the fused activation.
        excess: What the kernel's sums are too great by.
    """
    folded, low, high = accumulator_bounds(graph, node, rows)
    dead = _always_zero(multipliers, np.maximum(-low, high))
    mantissas = np.where(dead, 0, [m.mantissa for m in multipliers])
    shifts = np.where(dead, 1, [-m.shift for m in multipliers]).astype(np.int64)
    output = graph.output(node)
    offsets = (np.int64(1) << (shifts - 1)) + output.quantized().zero_point * (np.int64(1) << shifts) - _POSITIVE
    words = np.stack([folded - excess, mantissas, offsets, shifts], axis=1).astype(np.int32)
    least, greatest = activation_range(activation, output)
    members = f".words = {{array:stage}}, .channels = {len(rows)}, .low = {least}, .high = {greatest}"
    return CArray("int32_t", "stage", words), f"{{{members}}}"
