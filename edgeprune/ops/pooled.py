"""From sums over a window to int8 averages: `ep_average` parameters, proved for every sum there is.

`runtime/ep_pool_s8.h` tells the formula.  The reference rounds ties away from zero, so results below
zero can lie a step further from it: `away` moves those sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.ops.elementwise import bounds_members, fit_offset

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
        away: By how much sums below 0 move.
    """

    factor: int
    offset: int
    away: int

    @property
    def away_halves(self) -> int:
        """Minus `away` in both halves of a word."""
        return (-self.away & 0xFFFF) * 0x10001


def bounds_initialiser(bounds: tuple[int, int]) -> str:
    """Of an `ep_bounds`."""
    return f"{{{bounds_members(*bounds)}}}"


@dataclass(frozen=True)
class TapCycles:
    """Cycles on the emulated Cortex-M4, measured.

    Attributes:
        tap, row, block: Of 16 channels per tap, per row of taps, and beside.
        word_tap, word: Of 4 channels per tap, and beside.
        pixel: Of an output pixel beside its channels.
    """

    tap: float
    row: float
    block: float
    word_tap: float
    word: float
    pixel: float

    def of_pixel(self, taps: int, rows: int, channels: int) -> float:
        """Cycles of one output pixel of at least 4 channels."""
        blocks, words = channels // 16, -(-(channels % 16) // 4)
        of_block = taps * self.tap + rows * self.row + self.block
        return blocks * of_block + words * (taps * self.word_tap + rows * 8 + self.word) + self.pixel


MAX_CYCLES = TapCycles(17, 6.5, 43, 13, 22, 69)
AVERAGE_CYCLES = TapCycles(18, 9, 112, 13, 92, 69)
SUM_CYCLES = TapCycles(18, 0, 610, 13, 200, 40)


def fit_average(
    taps: int,
    slope: float,
    outputs_of: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]],
    bounds: tuple[int, int],
) -> Average | None:
    """The parameters that give exactly the reference's outputs for every sum, or None.

    Args:
        taps: Values that are summed.
        slope: About what an output grows by per step of the sum.
        outputs_of: The reference's outputs of int64 sums, within the bounds.
        bounds: Lowest and highest output.
    """
    if taps > MOST_TAPS:
        return None
    sums = np.arange(-128 * taps, 127 * taps + 1, dtype=np.int64)
    outputs = outputs_of(sums)
    for away in range(_MOST_AWAY + 1):
        moved = sums - away * (sums < 0)
        for nudge in _NUDGES:
            factor = round(slope * (1 + nudge) * (1 << (_FRACTION_BITS + _DROPPED_BITS)))
            if factor >= _LIMIT:
                return None
            offset = fit_offset(outputs, (factor * moved) >> _DROPPED_BITS, bounds, _FRACTION_BITS)
            if offset is not None:
                return Average(factor, offset, away)
    return None
