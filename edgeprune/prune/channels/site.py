"""One call of one layer as a rule sees it, and what a rule answers.

Channels are followed along one axis of each tensor, mostly the last.  A rule takes a
`Site` and returns a `Passage`; where it cannot tell exactly what becomes of the
channels it raises `Barrier`, and they stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edgeprune.prune.channels.structure import (
    Arguments,
    Keep,
    LabelArray,
    Labels,
    LayerChannels,
    Resize,
    WeightAxes,
    kept_size,
)

Shape = tuple[int | None, ...]


class Barrier(Exception):
    """Raised by a rule that cannot follow the channels; the text is the reason in the report."""


@dataclass(frozen=True)
class Channels:
    """The channels of a tensor: one label per position of one of its axes, counted with the batch axis."""

    labels: LabelArray
    axis: int


@dataclass(frozen=True)
class Passage:
    """A rule's answer: what removal does to the layer, and the channels of each tensor it gives."""

    layer: LayerChannels
    outputs: tuple[Channels, ...]


@dataclass(frozen=True)
class Site:
    """One call of a layer.

    Attributes:
        layer: The Keras layer.
        labels: Where labels are made, tied and pinned.
        inputs: Channels of each input tensor.
        input_shapes, output_shapes: Shapes with the batch axis; None for an open size.
        tensors: The symbolic input tensors, to tell them from constants among the arguments.
        args, kwargs: The call's arguments.
        known: What an earlier call of the same (shared) layer gave.
    """

    layer: Any
    labels: Labels
    inputs: tuple[Channels, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    tensors: tuple[Any, ...] = ()
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    known: LayerChannels | None = None

    @property
    def kind(self) -> str:
        """The layer's class."""
        return type(self.layer).__name__

    @property
    def positions(self) -> int:
        """Positions of the output without batch and channels (1 for a vector)."""
        return positions(self.output_shapes[0])

    def last(self, index: int = 0) -> LabelArray:
        """Labels of an input's last axis; a barrier where its channels lie on another one."""
        found = self.inputs[index]
        if found.axis != len(self.input_shapes[index]) - 1:
            raise Barrier(f"its input has the channels on axis {found.axis}, not on the last")
        if getattr(self.layer, "data_format", None) == "channels_first":
            raise Barrier("it takes the channels first (data_format)")
        return found.labels

    def consumed(self, weight: int, axis: int) -> LabelArray:
        """Labels of the channels that a weight takes from the first input; calls of a shared layer tie them."""
        labels = self.last()
        self.tie(labels, weight, axis)
        return labels

    def tie(self, labels: LabelArray, weight: int, axis: int) -> None:
        """Tie labels to those that an earlier call of this layer put on the same axis of the same weight."""
        earlier = self.known.weights[weight].axes[axis] if self.known is not None and self.known.weights else None
        if earlier is not None:
            self.labels.unite(labels, earlier)

    def produced(self, count: int) -> LabelArray:
        """Labels of the channels that the layer computes; the same ones for each call of a shared layer."""
        return self.known.outputs if self.known is not None else self.labels.fresh(count)

    def pin(self, labels: LabelArray, reason: str) -> None:
        """Keep these channels, with this layer and the reason in the report."""
        self.labels.pin(labels, f"{self.layer.name} ({self.kind}): {reason}")

    def passes(
        self,
        labels: LabelArray,
        weights: tuple[WeightAxes, ...] = (),
        *,
        produces: bool = False,
        positions: int | None = None,
        resize: Resize | None = None,
        arguments: Arguments | None = None,
        axis: int | None = None,
        outputs: tuple[Channels, ...] | None = None,
    ) -> Passage:
        """The answer of a layer that could be followed.

        Args:
            labels: Labels of its output channels.
            weights: The labels along each axis of each of its weights.
            produces: Whether its own weights compute the output channels.
            positions: Applications of its kernel per inference; those of the output unless given.
            resize: Gives the configuration of the smaller layer; see `sized`.
            arguments: Gives the arguments of the smaller layer's call.
            axis: Axis of the output channels; the last unless given.
            outputs: Channels of each output tensor, where they are not the same for all.
        """
        count = positions if positions is not None else self.positions if weights else 0
        layer = LayerChannels(self.layer.name, weights, labels, produces, count, resize, arguments)
        if outputs is None:
            outputs = tuple(Channels(labels, len(s) - 1 if axis is None else axis) for s in self.output_shapes)
        return Passage(layer, outputs)


Rule = Callable[[Site], Passage]


def positions(shape: Shape) -> int:
    """Positions of a tensor without batch and last axis; open sizes count once."""
    return math.prod(n or 1 for n in shape[1:-1])


def sized(key: str, labels: LabelArray) -> Resize:
    """A `resize` that sets one entry of the configuration to the number of these channels that stay."""

    def resize(config: dict[str, Any], keep: Keep) -> dict[str, Any]:
        return {**config, key: kept_size(labels, len(labels), keep)}

    return resize


def trailing(rank: int, last: LabelArray | None, before: LabelArray | None = None) -> WeightAxes:
    """Labels on the last axes of a weight of this rank; the other axes carry no channels."""
    axes: list[LabelArray | None] = [None] * rank
    axes[-1] = last
    if rank > 1:
        axes[-2] = before
    return WeightAxes(tuple(axes))


def inner(site: Site, layer: Any) -> Site:
    """The site of a layer that is applied to each step of axis 1."""
    return replace(
        site,
        layer=layer,
        inputs=tuple(Channels(c.labels, c.axis - 1) for c in site.inputs),
        input_shapes=tuple((s[0], *s[2:]) for s in site.input_shapes),
        output_shapes=tuple((s[0], *s[2:]) for s in site.output_shapes),
    )


def locate(found: LabelArray) -> Channels | None:
    """The axis along which labels vary, given the label of every element of a tensor with its batch axis.

    None where they vary along several axes, or where the batch axis would hold them.
    """
    for axis in range(found.ndim - 1, 0, -1):
        line = np.moveaxis(found, axis, -1).reshape(-1, found.shape[axis])[0]
        if np.array_equal(found, np.broadcast_to(along(line, axis, found.ndim), found.shape)):
            return Channels(np.array(line, np.int64), axis)
    return None


def along(labels: LabelArray, axis: int, rank: int) -> LabelArray:
    """The labels as an array of this rank that varies along one axis."""
    shape = [1] * rank
    shape[axis] = len(labels)
    return labels.reshape(shape)
