"""Bounds of every int8 value of a graph, for all inputs at once.

Bounds are kept per element, not per channel: at a border fewer taps of a window see
values, so a channel may be constant inside and have another constant at the border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Tensor

Values = npt.NDArray[np.int64]
_LOWEST, _HIGHEST = -128, 127


@dataclass(frozen=True, eq=False)
class Bounds:
    """What the elements of an int8 tensor lie between, both included; int64 arrays of its shape."""

    low: Values
    high: Values

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Which channels (indices of the last axis) have one known value at each position."""
        same: npt.NDArray[np.bool_] = (self.low == self.high).reshape(-1, self.low.shape[-1]).all(axis=0)
        return same

    @property
    def uniform(self) -> npt.NDArray[np.bool_]:
        """Which channels have the same known value at all positions."""
        rows = self.low.reshape(-1, self.low.shape[-1])
        same: npt.NDArray[np.bool_] = self.constant & (rows == rows[:1]).all(axis=0)
        return same


def exactly(values: npt.NDArray[np.generic]) -> Bounds:
    """Bounds of known values."""
    known = values.astype(np.int64)
    return Bounds(known, known)


def anything(tensor: Tensor) -> Bounds | None:
    """Bounds of an int8 tensor of which nothing is known; None for another type."""
    if tensor.dtype is not DType.INT8 or 0 in tensor.shape:
        return None
    return Bounds(np.full(tensor.shape, _LOWEST, np.int64), np.full(tensor.shape, _HIGHEST, np.int64))


def initial(graph: Graph) -> list[Bounds | None]:
    """Bounds of each tensor before any node is looked at: constants are known, all else is open."""
    return [
        exactly(t.constant()) if t.is_constant and t.dtype is DType.INT8 and t.size else anything(t)
        for t in graph.tensors
    ]
