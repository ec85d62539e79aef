"""Sizes of a model's weights and tensors as linear functions of how many channels each group keeps.

Counting by numpy makes a search over thousands of sizes quick; `surgery` does what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.prune.channels.structure import LabelArray, Structure

#: Channels that stay in each removable group, int64 [groups].
Sizes = Sequence[int] | npt.NDArray[np.int64]
Lengths = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extents:
    """Lengths of axes.

    Attributes:
        fixed: Positions that always stay, float64 [axes].
        per_channel: Positions per channel of a group, float64 [axes, groups].
    """

    fixed: Lengths
    per_channel: npt.NDArray[np.float64]

    def lengths(self, sizes: Sizes) -> Lengths:
        """Length of each axis, float64 [axes]."""
        return self.fixed + self.per_channel @ np.asarray(sizes, np.float64)


class ExtentsBuilder:
    """Collects axes; each gets a number."""

    def __init__(self, structure: Structure) -> None:
        self._roots = structure.roots
        self._groups = structure.removable
        #: Per united label the group it belongs to, -1 for those that stay.
        self._group_of = np.full(len(structure.roots), -1, np.int64)
        for number, group in enumerate(self._groups):
            self._group_of[group.channels] = number
        self._fixed: list[float] = []
        self._rows: list[npt.NDArray[np.float64]] = []

    def axis(self, labels: LabelArray | None, full: int) -> int:
        """Add an axis of `full` positions with these labels (None where it carries no channels)."""
        row = np.zeros(len(self._groups))
        if labels is None or not len(labels):
            self._fixed.append(float(full))
        else:
            owners = self._group_of[self._roots[labels]]
            counts = np.bincount(owners[owners >= 0], minlength=len(self._groups))
            row = counts / np.array([max(group.size, 1) for group in self._groups]) if len(self._groups) else row
            self._fixed.append(float(np.count_nonzero(owners < 0)))
        self._rows.append(row)
        return len(self._fixed) - 1

    def build(self) -> Extents:
        """The axes so far."""
        return Extents(np.array(self._fixed), np.array(self._rows).reshape(len(self._fixed), len(self._groups)))
