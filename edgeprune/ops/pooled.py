"""From sums over a window to int8 averages: `ep_average` parameters, proved for every sum there is.

`runtime/ep_pool_s8.h` tells the formula.  The references round ties away from zero, and MEAN rounds
twice, so results below zero can lie a step further from it: `away` moves those sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.ops.elementwise import fit_offset

#: Taps whose sum fits int16, with room to move it.
MOST_TAPS = 255
_FRACTION_BITS, _DROPPED_BITS = 14, 16
_LIMIT = 1 << 31
_MOST_AWAY = 3
_NUDGES = (0.0, 2.0**-14, -(2.0**-14), 2.0**-12, -(2.0**-12))


@dataclass(frozen=True)
class Average:
    """Parameters of an `ep_average`.

    Attributes:
        factor: int32, of sums.
        offset: int32.
        pivot: Sums below it move.
        away: By how much.
    """

    factor: int
    offset: int
    pivot: int
    away: int

    @property
    def away_halves(self) -> int:
        """Minus `away` in both halves of a word."""
        return (-self.away & 0xFFFF) * 0x10001

    def initialiser(self) -> str:
        """Of an `ep_average`."""
        pivot, away = (f"0x{halves:08x}u" for halves in ((self.pivot & 0xFFFF) * 0x10001, self.away_halves))
        return f"{{.factor = {self.factor}, .offset = {self.offset}, .pivot = {pivot}, .away = {away}}}"


def bounds_initialiser(bounds: tuple[int, int]) -> str:
    """Of an `ep_bounds`."""
    low, high = (f"0x{(value & 0xFF) * 0x01010101:08x}u" for value in bounds)
    return f"{{.low = {low}, .high = {high}}}"


def tap_cycles(taps: float, rows: float, channels: int, kind: str) -> float:
    """Cycles of one output pixel on the emulated Cortex-M4, measured.

    Args:
        taps: Of the window, on average.
        rows: That they lie in.
        channels: At least 4.
        kind: `max` or `average`.
    """
    blocks, words = channels // 16, -(-(channels % 16) // 4)
    tap, row, block, word_tap, word = {"max": (17, 9, 40, 13, 40), "average": (18, 12, 160, 13, 110)}[kind]
    return blocks * (taps * tap + rows * row + block) + words * (taps * word_tap + rows * 8 + word) + 130


def fit_average(
    taps: int,
    slope: float,
    outputs_of: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]],
    bounds: tuple[int, int],
    pivot: int = 0,
) -> Average | None:
    """The parameters that give exactly the reference's outputs for every sum, or None.

    Args:
        taps: Values that are summed.
        slope: About what an output grows by per step of the sum.
        outputs_of: The reference's outputs of int64 sums, within the bounds.
        bounds: Lowest and highest output.
        pivot: Sums at which results change their sign.
    """
    if taps > MOST_TAPS:
        return None
    sums = np.arange(-128 * taps, 127 * taps + 1, dtype=np.int64)
    outputs = outputs_of(sums)
    for away in range(_MOST_AWAY + 1):
        moved = sums - away * (sums < pivot)
        for nudge in _NUDGES:
            factor = round(slope * (1 + nudge) * (1 << (_FRACTION_BITS + _DROPPED_BITS)))
            if factor >= _LIMIT:
                return None
            offset = fit_offset(outputs, (factor * moved) >> _DROPPED_BITS, bounds, _FRACTION_BITS)
            if offset is not None:
                return Average(factor, offset, pivot, away)
    return None
