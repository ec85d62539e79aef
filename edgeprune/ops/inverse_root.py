"""One over a square root in fixed point, as the reference finds it by five steps of Newton's method."""

from __future__ import annotations

from edgeprune.ops.arithmetic import Multiplier

_LARGEST = (1 << 31) - 1
#: sqrt(1/2) in steps of 2**-31, rounded as the reference has it.
_HALF_ROOT_2 = 1518500250


def _product(a: int, b: int) -> int:
    """High half of 2 * a * b, rounded to nearest, ties up."""
    return (a * b + (1 << 30)) >> 31


def _raised(value: int, bits: int) -> int:
    return max(-_LARGEST - 1, min(_LARGEST, value << bits))


def inverse_root(value: int) -> Multiplier:
    """1 / sqrt(value) for a whole number; 0 counts as 1.

    Args:
        value: 0 to 2**31 - 1.
    """
    if value <= 1:
        return Multiplier(_LARGEST, 0)
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift -= pairs
    operand = value << (2 * pairs) >> 1  # in steps of 2**-28
    half = (operand >> 1) + ((operand & 1) > 0)
    root = 1 << 28
    for _ in range(5):
        cube = _raised(_product(_product(root, root), root), 6)
        root = _raised(_product((1 << 28) + (1 << 27), root) - _product(half, cube), 3)
    mantissa = _product(root, _HALF_ROOT_2)
    return Multiplier(mantissa << max(-shift, 0), -max(shift, 0))
