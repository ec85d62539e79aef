"""Which weights of a matrix [output channels, reduction] a pattern keeps: pure functions of their magnitudes.

Every rule reaches at least the share of zeros it is asked for, and weights that are zero already go first.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgeprune.errors import UserError
from edgeprune.models.dataset import Floats
from edgeprune.prune.weights.layout import Flags, magnitudes

Setting = float | str


class MaskRule(Protocol):
    """A pattern of zeros."""

    @property
    def label(self) -> str:
        """What the user calls it."""

    def fits(self, outputs: int, reduction: int) -> bool:
        """Whether a matrix of that size has room for the pattern."""

    def mask(self, rows: Floats, progress: float = 1.0) -> Flags:
        """What stays of `rows` [outputs, reduction] at `progress` (0 to 1) of the way to the pattern."""

    def zeros(self, rows: Floats) -> float:
        """Share of the weights that are zero as the pattern wants it, 0 to 1."""

    def wanted(self, outputs: int, reduction: int) -> float:
        """The share that `zeros` must reach in a matrix of that size."""

    def with_setting(self, value: Setting) -> MaskRule:
        """The same pattern as one layer's rule sets it; raises UserError for a value it does not know."""


def ramp(progress: float) -> float:
    """Share of the final zeros at `progress` (0 to 1): the cubic schedule of Zhu and Gupta, arXiv 1710.01878."""
    return 1.0 - (1.0 - min(max(progress, 0.0), 1.0)) ** 3


def check_share(name: str, share: object) -> float:
    """A share of zeros from the user; raises UserError where it is none."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise UserError(f"{name} = {share} is no share of zeros; give a number between 0 and 1, say 0.8")
    return float(share)


def _at_least(share: float, size: int) -> int:
    """The smallest count that is at least this share of `size`; decimal shares such as 0.7 are taken as written."""
    return min(size, math.ceil(share * size - 1e-9 * size))


def _without_smallest(scores: npt.NDArray[np.float32], count: int) -> Flags:
    """False at the `count` smallest scores."""
    keep = np.ones(scores.size, bool)
    if count:
        keep[np.argpartition(scores.ravel(), count - 1)[:count]] = False
    return keep.reshape(scores.shape)


@dataclass(frozen=True)
class Unstructured:
    """The smallest weights of the kernel become zero, wherever they are.

    Attributes:
        share: Of zeros, between 0 and 1.
    """

    share: float

    @property
    def label(self) -> str:
        """What the user calls it."""
        return "unstructured"

    def fits(self, outputs: int, reduction: int) -> bool:
        """Any matrix does."""
        return True

    def mask(self, rows: Floats, progress: float = 1.0) -> Flags:
        """See `MaskRule`."""
        return _without_smallest(magnitudes(rows), _at_least(self.share * ramp(progress), rows.size))

    def zeros(self, rows: Floats) -> float:
        """See `MaskRule`."""
        return float(np.mean(rows == 0))

    def wanted(self, outputs: int, reduction: int) -> float:
        """See `MaskRule`."""
        return self.share

    def with_setting(self, value: Setting) -> Unstructured:
        """See `MaskRule`; the value is a share."""
        return replace(self, share=check_share("the share of a layer", value))


@dataclass(frozen=True)
class NOfM:
    """At most n of every m consecutive weights along the reduction stay.

    Groups start at the beginning of each row; the last group of a row, of r weights, keeps
    at most floor(n*r/m), so that the share of zeros is never less than (m-n)/m.

    Attributes:
        n, m: 1 <= n < m.
    """

    n: int
    m: int

    @staticmethod
    def parse(text: object) -> NOfM:
        """Read `2:4`; raises UserError for anything else."""
        found = re.fullmatch(r"\s*(\d{1,4})\s*:\s*(\d{1,4})\s*", text) if isinstance(text, str) else None
        if found is None or not 1 <= int(found[1]) < int(found[2]):
            raise UserError(f"pattern = {text!r} is not n:m; give at most n non-zeros of every m weights, such as 2:4")
        return NOfM(int(found[1]), int(found[2]))

    @property
    def label(self) -> str:
        """What the user calls it."""
        return f"{self.n}:{self.m}"

    def fits(self, outputs: int, reduction: int) -> bool:
        """A row must hold one whole group: less could leave it nothing."""
        return reduction >= self.m

    def mask(self, rows: Floats, progress: float = 1.0) -> Flags:
        """See `MaskRule`; on the way, only the smallest of the weights that must go are gone."""
        sizes = magnitudes(rows)
        final = self._final(sizes)
        going = np.flatnonzero(~final)
        gone = going[~_without_smallest(sizes.ravel()[going], _at_least(ramp(progress), going.size))]
        keep = np.ones(rows.size, bool)
        keep[gone] = False
        return keep.reshape(rows.shape)

    def _final(self, sizes: Floats) -> Flags:
        outputs, reduction = sizes.shape
        groups = -(-reduction // self.m)
        padded = np.full((outputs, groups * self.m), -1.0, np.float32)
        padded[:, :reduction] = sizes
        grouped = padded.reshape(outputs, groups, self.m)
        order = np.argsort(-grouped, axis=-1, kind="stable")
        rank = np.argsort(order, axis=-1, kind="stable")
        keep = rank < self._kept(reduction)[:, None]
        return keep.reshape(outputs, -1)[:, :reduction]

    def _kept(self, reduction: int) -> npt.NDArray[np.int64]:
        """Weights that stay of each group of a row."""
        starts = np.arange(0, reduction, self.m)
        return self.n * np.minimum(self.m, reduction - starts) // self.m

    def zeros(self, rows: Floats) -> float:
        """Share of zeros, or 0 where a group holds more non-zeros than it may."""
        starts = np.arange(0, rows.shape[1], self.m)
        filled = np.add.reduceat((rows != 0).astype(np.int64), starts, axis=1)
        return float(np.mean(rows == 0)) if (filled <= self._kept(rows.shape[1])).all() else 0.0

    def wanted(self, outputs: int, reduction: int) -> float:
        """See `MaskRule`."""
        return 1.0 - self.n / self.m

    def with_setting(self, value: Setting) -> NOfM:
        """See `MaskRule`; the value is a pattern such as `1:4`."""
        return NOfM.parse(value)


@dataclass(frozen=True)
class Blocks:
    """Whole blocks of weights become zero, those with the smallest mean magnitude first.

    Blocks start at the first output channel and the first weight of a row; those at the far
    edges may be smaller.  Height counts output channels, width the reduction: 1x4 is four
    consecutive weights of one output, 4x1 one weight of four consecutive outputs.

    Attributes:
        height, width: Of a block, at least 1.
        share: Of zeros in whole blocks, between 0 and 1.
    """

    height: int
    width: int
    share: float

    @staticmethod
    def parse(text: str, share: float) -> Blocks:
        """Read `1x4`; raises UserError for anything else."""
        found = re.fullmatch(r"\s*(\d{1,4})\s*x\s*(\d{1,4})\s*", text)
        if found is None or int(found[1]) * int(found[2]) < 2:
            raise UserError(
                f"pattern = {text!r} is no block; give output channels x consecutive weights, such as 1x4 or 4x1"
            )
        return Blocks(int(found[1]), int(found[2]), share)

    @property
    def label(self) -> str:
        """What the user calls it."""
        return f"{self.height}x{self.width}"

    def fits(self, outputs: int, reduction: int) -> bool:
        """One whole block must fit: zeroing a smaller one would silence whole outputs or inputs."""
        return outputs >= self.height and reduction >= self.width

    def mask(self, rows: Floats, progress: float = 1.0) -> Flags:
        """See `MaskRule`."""
        sizes = self._counts(rows.shape)
        means = self._sums(magnitudes(rows)) / sizes
        order = np.argsort(means.ravel(), kind="stable")
        needed = _at_least(self.share * ramp(progress), rows.size)
        count = int(np.searchsorted(np.cumsum(sizes.ravel()[order]), needed)) + 1 if needed else 0
        keep = np.ones(order.size, bool)
        keep[order[:count]] = False
        return self._spread(keep.reshape(sizes.shape), rows.shape)

    def zeros(self, rows: Floats) -> float:
        """Share of the weights that lie in blocks of zeros only."""
        empty = self._sums((rows != 0).astype(np.float32)) == 0
        return float(np.mean(self._spread(empty, rows.shape)))

    def wanted(self, outputs: int, reduction: int) -> float:
        """See `MaskRule`."""
        return self.share

    def with_setting(self, value: Setting) -> Blocks:
        """See `MaskRule`; the value is a share."""
        return replace(self, share=check_share("the share of a layer", value))

    def _sums(self, values: Floats) -> Floats:
        """Sums over each block, [block rows, block columns]."""
        down = np.add.reduceat(values, np.arange(0, values.shape[0], self.height), axis=0)
        return np.add.reduceat(down, np.arange(0, values.shape[1], self.width), axis=1)

    def _counts(self, shape: tuple[int, ...]) -> Floats:
        return self._sums(np.ones(shape, np.float32))

    def _spread(self, blocks: Flags, shape: tuple[int, ...]) -> Flags:
        """Each block's flag at each of its weights."""
        whole = blocks.repeat(self.height, axis=0).repeat(self.width, axis=1)
        return whole[: shape[0], : shape[1]]
