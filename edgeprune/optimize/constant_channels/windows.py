"""What each tap of a sliding window sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgeprune.ops.window import slide

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Window:
    """A sliding window; pairs are (height, width), padding is SAME or VALID."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str

    def taps(self, values: npt.NDArray[Number], fill: int = 0) -> Iterator[npt.NDArray[Number]]:
        """The values that each tap sees at all positions.

        Args:
            values: [batch, height, width, channels].
            fill: What taps beyond the border see.

        Yields:
            [batch, rows, columns, channels] per tap, row by row of the window.
        """
        rows, top, bottom = self._axis(values.shape[1], 0)
        columns, left, right = self._axis(values.shape[2], 1)
        padded = np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
        for y in range(self.size[0]):
            for x in range(self.size[1]):
                start = y * self.dilation[0], x * self.dilation[1]
                yield padded[
                    :,
                    start[0] : start[0] + (rows - 1) * self.stride[0] + 1 : self.stride[0],
                    start[1] : start[1] + (columns - 1) * self.stride[1] + 1 : self.stride[1],
                ]

    def pads(self, shape: tuple[int, ...]) -> bool:
        """Whether some tap lies beyond the border of values [batch, height, width, ...]."""
        axes = self._axis(shape[1], 0), self._axis(shape[2], 1)
        return any(before or behind for _, before, behind in axes)

    def _axis(self, extent: int, axis: int) -> tuple[int, int, int]:
        """(positions, padding before, padding behind)."""
        size, stride, dilation = self.size[axis], self.stride[axis], self.dilation[axis]
        positions = slide(extent, size, stride, dilation, self.padding)
        reach = (positions.output - 1) * stride + (size - 1) * dilation + 1
        return positions.output, positions.before, max(reach - positions.before - extent, 0)
