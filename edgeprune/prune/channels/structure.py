"""What channel analysis knows about a model: which weight axes share channels, and what must stay.

Every position along a channel axis of a weight has a *label*.  Labels that can only
be removed together are united (`Labels`), so that removing one united label means
removing each of its positions on every axis, and the model still fits together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

LabelArray = npt.NDArray[np.int64]
Keep = npt.NDArray[np.bool_]
#: Configuration of a layer and what stays -> configuration of the smaller layer.
Resize = Callable[[dict[str, Any], Keep], dict[str, Any]]
#: Arguments and keyword arguments of a call and what stays -> those of the smaller layer's call.
Arguments = Callable[[tuple[Any, ...], dict[str, Any], Keep], tuple[tuple[Any, ...], dict[str, Any]]]


class Labels:
    """Channel labels: which are tied to each other, and why some may not be removed.

    Ties are only written down while a model is walked; `roots` finds what hangs together
    in one go, because models tie hundreds of thousands of labels.
    """

    def __init__(self) -> None:
        self._count = 0
        self._ties: list[tuple[LabelArray, LabelArray]] = []
        self._pinned: list[tuple[LabelArray, str]] = []

    def fresh(self, count: int) -> LabelArray:
        """`count` new labels."""
        self._count += count
        return np.arange(self._count - count, self._count, dtype=np.int64)

    def unite(self, a: LabelArray, b: LabelArray) -> None:
        """Tie the labels at equal positions of two arrays of one shape."""
        if a.shape != b.shape:
            raise ValueError(f"labels of shapes {a.shape} and {b.shape} cannot be tied")
        if a is not b:
            self._ties.append((a.ravel(), b.ravel()))

    def pin(self, labels: LabelArray, reason: str) -> None:
        """Forbid the removal of these labels."""
        self._pinned.append((labels, reason))

    def roots(self) -> LabelArray:
        """The representative of every label: the lowest of those tied to it."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        empty = np.zeros(0, np.int64)
        rows = np.concatenate([empty, *(a for a, _ in self._ties)])
        columns = np.concatenate([empty, *(b for _, b in self._ties)])
        graph = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(self._count, self._count))
        _, component = connected_components(graph, directed=False)
        _, lowest = np.unique(component, return_index=True)
        return np.asarray(lowest[component], np.int64)

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
        outputs: Labels of the layer's output channels.
        produces: Whether the layer computes its output channels from weights of its own, so that
            their norm says how much a channel matters.
        positions: How often the layer's kernel is applied per inference, over all its calls.
        resize: Gives the configuration of the smaller layer; None where it follows from the input.
        arguments: Gives the arguments of the smaller layer's call; None where they stay.
    """

    name: str
    weights: tuple[WeightAxes, ...] = ()
    outputs: LabelArray = field(default_factory=lambda: np.zeros(0, np.int64))
    produces: bool = False
    positions: int = 0
    resize: Resize | None = None
    arguments: Arguments | None = None

    @property
    def masked(self) -> tuple[int, ...]:
        """Weights that a mask must zero so that a removed channel reaches nothing: those that mix channels."""
        known = self.outputs
        return tuple(
            index
            for index, weight in enumerate(self.weights)
            if (self.produces and len(weight.axes) > 1)
            or any(axis is not None and not np.isin(axis, known).all() for axis in weight.axes)
        )


@dataclass(frozen=True)
class LayerBarrier:
    """A layer through which channels could not be followed, so that they stay.

    Attributes:
        layer: Its name.
        kind: Its class.
        reason: Why, as the report says it.
    """

    layer: str
    kind: str
    reason: str


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
        barriers: Layers that could not be followed, in the order of the model.
    """

    layers: Mapping[str, LayerChannels]
    groups: tuple[Group, ...]
    roots: LabelArray
    barriers: tuple[LayerBarrier, ...] = ()

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
