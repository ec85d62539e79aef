"""How much each channel matters, and how many of each group may stay under a budget."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import UserError
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.structure import Group, Keep, LabelArray, Structure

#: Weights by layer name, in the order of `layer.weights`.
Weights = Mapping[str, list[npt.NDArray[np.float32]]]

_STEPS = 400  # granularity of the search for the fraction that meets a budget


class Norm(enum.Enum):
    """The norm of a channel's weights that stands for its importance."""

    L1 = "l1"
    L2 = "l2"


@dataclass(frozen=True)
class GroupSizes:
    """How many channels of each removable group stay, and the fraction removed that led there."""

    sizes: tuple[int, ...]
    fraction: float


def weights_of(model: Any) -> dict[str, list[npt.NDArray[np.float32]]]:
    """The weights of every layer of a model, by layer name."""
    return {layer.name: layer.get_weights() for layer in model.layers}


def channel_importance(group: Group, structure: Structure, weights: Weights, norm: Norm) -> npt.NDArray[np.float64]:
    """Importance of each channel of a group, float64 [group.size].

    Sums over the producers the norm of the weights that compute the channel, each producer
    divided by its own mean so that a layer of large weights does not outvote the others.
    """
    index = {int(root): position for position, root in enumerate(group.channels)}
    total = np.zeros(group.size)
    for name in group.producers:
        layer = structure.layers[name]
        sums = np.zeros(group.size)
        for value, axes in zip(weights[name], layer.weights, strict=True):
            if value.ndim < 2:
                continue
            for axis, labels in enumerate(axes.axes):
                if labels is None or not _is_output(labels, layer.outputs):
                    continue
                others = tuple(a for a in range(value.ndim) if a != axis)
                magnitude = np.abs(value).sum(others) if norm is Norm.L1 else np.square(value).sum(others)
                positions = np.array([index.get(int(root), -1) for root in structure.roots[labels]])
                np.add.at(sums, positions[positions >= 0], magnitude[positions >= 0])
        sums = np.sqrt(sums) if norm is Norm.L2 else sums
        mean = float(sums.mean())
        total += sums / mean if mean > 0 else 0.0
    return total


def _is_output(labels: LabelArray, outputs: LabelArray) -> bool:
    """Whether an axis holds the layer's output channels (repeated per gate in recurrent layers)."""
    return len(labels) >= len(outputs) and bool(np.isin(labels, outputs).all())


def sizes_for_fraction(structure: Structure, fraction: float, multiple: int) -> tuple[int, ...]:
    """Channels that stay in each removable group when `fraction` of them goes.

    Groups of at least two multiples keep a multiple of `multiple` channels, because SIMD
    kernels work on several channels at once; every group keeps at least one channel.
    """
    sizes = []
    for group in structure.removable:
        exact = group.size * (1.0 - fraction)
        unit = multiple if group.size >= 2 * multiple else 1
        rounded = max(unit, int(np.floor(exact / unit + 0.5)) * unit)
        sizes.append(min(group.size, rounded))
    return tuple(sizes)


def any_removal(structure: Structure, sizes: tuple[int, ...]) -> Keep:
    """A decision of these sizes, for counting: which channels go does not change the cost."""
    removed = [group.channels[size:] for group, size in zip(structure.removable, sizes, strict=True)]
    return structure.decide(np.concatenate([np.zeros(0, np.int64), *removed]))


def sizes_for_macs(structure: Structure, cost: Cost, ratio: float, multiple: int) -> GroupSizes:
    """The smallest uniform fraction whose removal makes the model `ratio` times cheaper in MACs.

    Where rounding to multiples overshoots, groups get channels back, largest loss first, as
    long as the ratio holds.

    Raises:
        UserError: Even with one channel per group the ratio is out of reach.
    """
    budget = cost.macs(structure.keep_all()) / ratio
    for step in range(_STEPS + 1):
        sizes = sizes_for_fraction(structure, step / _STEPS, multiple)
        if cost.macs(any_removal(structure, sizes)) <= budget:
            return GroupSizes(_give_back(structure, cost, sizes, budget, multiple), step / _STEPS)
    least = cost.macs(any_removal(structure, sizes_for_fraction(structure, 1.0, multiple)))
    best = cost.macs(structure.keep_all()) / max(least, 1)
    raise UserError(
        f"{ratio:g} times fewer multiply-accumulates are out of reach: with all removable channels but the last ones "
        f"gone the model is {best:.2f} times cheaper; ask for less, or see the report for the layers that must stay"
    )


def _give_back(
    structure: Structure, cost: Cost, sizes: tuple[int, ...], budget: float, multiple: int
) -> tuple[int, ...]:
    """Grow the groups that lost most, one multiple at a time, while the budget holds."""
    current = list(sizes)
    groups = structure.removable
    growing = True
    while growing:
        growing = False
        order = sorted(range(len(groups)), key=lambda i: current[i] / groups[i].size)
        for i in order:
            unit = multiple if groups[i].size >= 2 * multiple else 1
            tried = [*current]
            tried[i] = min(groups[i].size, current[i] + unit)
            if tried[i] > current[i] and cost.macs(any_removal(structure, tuple(tried))) <= budget:
                current, growing = tried, True
                break
    return tuple(current)


def choose(structure: Structure, weights: Weights, sizes: tuple[int, ...], norm: Norm) -> Keep:
    """Keep the most important channels of each removable group; ties go to the lower channel number."""
    removed = [np.zeros(0, np.int64)]
    for group, size in zip(structure.removable, sizes, strict=True):
        order = np.argsort(-channel_importance(group, structure, weights, norm), kind="stable")
        removed.append(group.channels[np.sort(order[size:])])
    return structure.decide(np.concatenate(removed))
