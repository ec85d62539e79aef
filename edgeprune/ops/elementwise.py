"""Exact formulas for functions of one or two int8 values, found and proved when code is generated.

The reference computes ADD and SUB by several rounded steps per value, of which all but the last keep
many bits.  They are close to an affine function of their inputs, and the inputs take few values, so

    out = clamp(saturate((offset + sum(floor(factor[i] * q[i] / 256))) >> 20))

is fitted to the reference's outputs and compared with them for every input there is: where a fit is
found it is exact.  On cores with the DSP extension it is one SMLAW per input and one SSAT.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Fractional bits of the sum; `ep_affine_s8.c` shifts by as many.
FRACTION_BITS = 20
#: Every int8 value, ascending.
EVERY_INT8: npt.NDArray[np.int64] = np.arange(-128, 128, dtype=np.int64)
_FACTOR_BITS = FRACTION_BITS + 8
_LIMIT = 1 << 31
#: Changes of the factors that are tried in turn.  The first pair moves ties away from zero, where the
#: reference has them; the others follow its rounding of small steps.  Relative, then in 2^-18 steps.
_NUDGES = (
    (0.0, (0, 0)), (2.0**-17, (0, 0)), (2.0**-14, (0, 0)), (0.0, (1, 0)), (0.0, (0, 1)), (0.0, (-1, 0)),
    (0.0, (0, -1)), (0.0, (1, 1)), (0.0, (-1, -1)), (0.0, (1, -1)), (0.0, (-1, 1)),
)  # fmt: skip
_NUDGE_STEP = 2.0 ** (_FACTOR_BITS - 25)


@dataclass(frozen=True)
class Affine:
    """Parameters of the formula.

    Attributes:
        factors: int32, one per input.
        offset: int32.
    """

    factors: tuple[int, ...]
    offset: int


def fit_affine(outputs: npt.NDArray[np.int64], slopes: tuple[float, ...], low: int, high: int) -> Affine | None:
    """The formula that gives exactly these outputs, or None where none was found.

    Args:
        outputs: int64 [256] for one input or [256, 256] for two, at -128 to 127, within low and high.
        slopes: About what an output grows by per step of each input.
        low: What results are clamped to at least.
        high: And at most.
    """
    for factors in _factors(slopes):
        if max(abs(factor) for factor in factors) >= _LIMIT:
            return None
        offset = fit_offset(outputs, _sums(factors), (low, high), FRACTION_BITS)
        if offset is not None:
            return Affine(factors, offset)
    return None


def fit_offset(
    outputs: npt.NDArray[np.int64], sums: npt.NDArray[np.int64], bounds: tuple[int, int], bits: int
) -> int | None:
    """The int32 with which `(offset + sums) >> bits`, clamped to the bounds, is `outputs`; None where there is none.

    Args:
        outputs: int64, within the bounds.
        sums: int64, of the same shape.
        bounds: Lowest and highest output.
        bits: Fractional bits of the sums.
    """
    low, high = bounds
    least = int((np.where(outputs > low, outputs << bits, -(1 << 40)) - sums).max())
    most = int((np.where(outputs < high, (outputs + 1) << bits, 1 << 40) - sums).min()) - 1
    if least > most:
        return None
    offset = _middle(least, most)
    fits = min(offset, int(sums.min()) + offset) >= -_LIMIT and max(offset, int(sums.max()) + offset) < _LIMIT
    return offset if fits else None


def _factors(slopes: tuple[float, ...]) -> Iterator[tuple[int, ...]]:
    for relative, steps in _NUDGES:
        yield tuple(
            round(slope * (1 + relative) * (1 << _FACTOR_BITS) + step * _NUDGE_STEP)
            for slope, step in zip(slopes, steps, strict=False)
        )


def _sums(factors: tuple[int, ...]) -> npt.NDArray[np.int64]:
    shares = [(factor * EVERY_INT8) >> 8 for factor in factors]
    return shares[0] if len(shares) == 1 else shares[0][:, None] + shares[1][None, :]


def _middle(least: int, most: int) -> int:
    """Between the bounds; near one where the other is far away, near 0 where both are."""
    if most - least > 1 << 32:
        return min(max(least, 0), most)
    return (least + most) // 2


def affine_initialiser(affine: Affine, low: int, high: int) -> str:
    """Initialiser of an `ep_affine`."""
    factors = ", ".join(str(factor) for factor in affine.factors)
    return f"{{.factor = {{{factors}}}, .offset = {affine.offset}, {bounds_members(low, high)}}}"


def bounds_members(low: int, high: int) -> str:
    """Initialisers of the members `low` and `high`, each bound in four bytes."""
    return f".low = {four_bytes(low)}, .high = {four_bytes(high)}"


@dataclass(frozen=True)
class Broadcast:
    """How two inputs meet in an output, dimensions that step alike merged, padded to four with ones.

    Attributes:
        extents: Of the output.
        first, second: Elements to step per dimension; 0 where the input repeats.
    """

    extents: tuple[int, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Stretches of the last dimension."""
        return math.prod(self.extents[:3])

    @property
    def swapped(self) -> Broadcast:
        """The same with the inputs exchanged."""
        return Broadcast(self.extents, self.second, self.first)

    def initialiser(self) -> str:
        """Of an `ep_broadcast`."""
        extents, first, second = (
            "{" + ", ".join(map(str, row)) + "}" for row in (self.extents, self.first, self.second)
        )
        return f"{{.extent = {extents}, .first_step = {first}, .second_step = {second}}}"


def broadcast(first: tuple[int, ...], second: tuple[int, ...]) -> Broadcast:
    """How tensors of two shapes meet, whose broadcast has at most four dimensions."""
    extents = np.broadcast_shapes(first, second)
    merged: list[tuple[int, int, int]] = [(1, 0, 0)]
    for row in reversed(list(zip(extents, _steps(first, len(extents)), _steps(second, len(extents)), strict=True))):
        extent, *steps = merged[-1]
        if extent == 1:
            merged[-1] = row
        elif all(step * extent == outer for step, outer in zip(steps, row[1:], strict=True)) or row[0] == 1:
            merged[-1] = (extent * row[0], steps[0], steps[1])
        else:
            merged.append(row)
    rows = [(1, 0, 0)] * (4 - len(merged)) + merged[::-1]
    return Broadcast(tuple(r[0] for r in rows), tuple(r[1] for r in rows), tuple(r[2] for r in rows))


def _steps(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    padded = (1,) * (rank - len(shape)) + shape
    return tuple(math.prod(padded[i + 1 :]) if padded[i] > 1 else 0 for i in range(rank))


def four_bytes(value: int) -> str:
    """An int8 bound in each byte of a word, in C."""
    return f"0x{(value & 0xFF) * 0x01010101:08x}u"
