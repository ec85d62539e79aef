"""What channel analysis knows about a model: which weight axes share channels, and what must stay.

Every position along a channel axis of a weight has a *label*.  Labels that can only
be removed together are united (`Labels`), so that removing one united label means
removing each of its positions on every axis, and the model still fits together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

LabelArray = npt.NDArray[np.int64]
Keep = npt.NDArray[np.bool_]


class Labels:
    """Union-find over channel labels, with the reasons why some may not be removed."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._pinned: list[tuple[LabelArray, str]] = []

    def fresh(self, count: int) -> LabelArray:
        """`count` new labels."""
        start = len(self._parent)
        self._parent.extend(range(start, start + count))
        return np.arange(start, start + count, dtype=np.int64)

    def _root(self, label: int) -> int:
        while self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def unite(self, a: LabelArray, b: LabelArray) -> None:
        """Tie the labels at equal positions of two arrays of one length."""
        for left, right in zip(a.tolist(), b.tolist(), strict=True):
            low, high = sorted((self._root(left), self._root(right)))
            self._parent[high] = low

    def pin(self, labels: LabelArray, reason: str) -> None:
        """Forbid the removal of these labels."""
        self._pinned.append((labels, reason))

    def roots(self) -> LabelArray:
        """The representative of every label."""
        return np.array([self._root(label) for label in range(len(self._parent))], np.int64)

    def reasons(self, roots: LabelArray) -> dict[int, list[str]]:
        """For each pinned representative, why it is pinned."""
        found: dict[int, list[str]] = {}
        for labels, reason in self._pinned:
            for root in np.unique(roots[labels]).tolist():
                known = found.setdefault(root, [])
                if reason not in known:
                    known.append(reason)
        return found


@dataclass(frozen=True)
class WeightAxes:
    """The labels along each axis of one weight; None where an axis carries no channels."""

    axes: tuple[LabelArray | None, ...]


@dataclass(frozen=True)
class LayerChannels:
    """What channel removal does to one layer.

    Attributes:
        name: The layer's name.
        weights: One entry per weight, in the order of `layer.weights`; empty where nothing is cut.
        size_key: Configuration entry that holds the number of output channels (`filters`, `units`).
        outputs: Labels of the layer's output channels.
        produces: Whether the layer computes its output channels from weights of its own, so that
            their norm says how much a channel matters.
        positions: How often the layer's kernel is applied per inference, over all its calls.
        reshape: For Reshape: its new target shape follows the kept channels of the last axis.
    """

    name: str
    weights: tuple[WeightAxes, ...] = ()
    size_key: str | None = None
    outputs: LabelArray = field(default_factory=lambda: np.zeros(0, np.int64))
    produces: bool = False
    positions: int = 0
    reshape: bool = False


@dataclass(frozen=True)
class Group:
    """Channels that play the same part on the same axes; any of them can be removed.

    Attributes:
        name: The producing layers, joined by " + ".
        producers: Layers whose weights compute these channels.
        channels: One united label per channel.
        kept_because: Why none may be removed; empty where removal is allowed.
    """

    name: str
    producers: tuple[str, ...]
    channels: LabelArray
    kept_because: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of channels."""
        return len(self.channels)


@dataclass(frozen=True)
class Structure:
    """The channel structure of a model.

    Attributes:
        layers: Per layer, by name.
        groups: All groups, removable or not, in the order of the model.
        roots: Representative of every label.
    """

    layers: Mapping[str, LayerChannels]
    groups: tuple[Group, ...]
    roots: LabelArray

    @property
    def removable(self) -> tuple[Group, ...]:
        """The groups from which channels may be removed."""
        return tuple(group for group in self.groups if not group.kept_because)

    def keep_all(self) -> Keep:
        """A decision that removes nothing: True for every label."""
        return np.ones(len(self.roots), np.bool_)

    def decide(self, removed: LabelArray) -> Keep:
        """The decision that removes these united labels: per label, whether it stays."""
        return np.asarray(~np.isin(self.roots, removed))


def kept_size(labels: LabelArray | None, full: int, keep: Keep) -> int:
    """How many positions of an axis of `full` positions stay."""
    return full if labels is None else int(np.count_nonzero(keep[labels]))


def cut(value: npt.NDArray[Any], axes: WeightAxes, keep: Keep) -> npt.NDArray[Any]:
    """A weight without the removed positions."""
    for axis, labels in enumerate(axes.axes):
        if labels is not None:
            value = np.compress(keep[labels], value, axis=axis)
    return value


def mask(shape: tuple[int, ...], axes: WeightAxes, keep: Keep) -> npt.NDArray[np.float32]:
    """1 where a weight of this shape stays and 0 where one of its axes loses the position."""
    result = np.ones(shape, np.float32)
    for axis, labels in enumerate(axes.axes):
        if labels is not None:
            broadcast = [1] * len(shape)
            broadcast[axis] = -1
            result *= keep[labels].astype(np.float32).reshape(broadcast)
    return result
