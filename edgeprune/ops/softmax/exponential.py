"""The reference's exp() in fixed point (gemmlowp), for tables of it.

Numbers are written Qi: i bits before the binary point, 31 - i behind it.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

_Fixed = npt.NDArray[np.int64]

#: exp(-2^k) for k = -2 to 4, Q0.
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_EXP_OF_EIGHTH, _THIRD = 1895147668, 715827883
_QUARTER = 1 << 24
_HIGHEST = (1 << 31) - 1


@functools.lru_cache(maxsize=64)
def exponentials(count: int, mantissa: int, shift: int) -> npt.NDArray[np.int32]:
    """exp() of 0, -1, ... in steps of the input: int32 [count], Q0.

    Args:
        count: Of differences, whose products below fit 32 bits.
        mantissa: Of the multiplier from a step to Q5.
        shift: Its left shift.
    """
    values = _high_mul(-np.arange(count, dtype=np.int64) << shift, mantissa)
    small = (values & (_QUARTER - 1)) - _QUARTER
    remainder = small - values  # a multiple of 1/4
    result = _exp_of_small(small << 5)
    for k, power in enumerate(_POWERS):
        taken = remainder & (_QUARTER << k) != 0
        result[taken] = _high_mul(result, power)[taken]
    return np.where(values == 0, _HIGHEST, result).astype(np.int32)


def _exp_of_small(a: _Fixed) -> _Fixed:
    """exp(a) for a in [-1/4, 0): a Taylor polynomial about -1/8; Q0 to Q0."""
    x = a + (1 << 28)
    x2 = _high_mul(x, x)
    x3, x4 = _high_mul(x2, x), _high_mul(x2, x2)
    sixths = _high_mul(_rounding_shift(x4, 2) + x3, _THIRD)
    return _EXP_OF_EIGHTH + _high_mul(x + _rounding_shift(sixths + x2, 1), _EXP_OF_EIGHTH)


def _high_mul(a: _Fixed, b: _Fixed | int) -> _Fixed:
    product: _Fixed = (a * b + (1 << 30)) >> 31
    return product


def _rounding_shift(values: _Fixed, shift: int) -> _Fixed:
    mask = (1 << shift) - 1
    return (values >> shift) + ((values & mask) > (mask >> 1) + (values < 0))
