"""Sliding windows: padding and output size, shared by convolutions and pooling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a sliding window.

    Attributes:
        before: Rows or columns of padding before the input; SAME puts the odd one after.
        output: Number of window positions; 0 or less when the window does not fit.
    """

    before: int
    output: int


def slide(size: int, window: int, stride: int, dilation: int, padding: str) -> Axis:
    """Positions of a window over `size` elements, with `padding` SAME or VALID."""
    extent = (window - 1) * dilation + 1
    if padding == "VALID":
        return Axis(0, (size - extent) // stride + 1)
    output = -(-size // stride)
    total = max((output - 1) * stride + extent - size, 0)
    return Axis(total // 2, output)
