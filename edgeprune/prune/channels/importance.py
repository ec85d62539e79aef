"""How much each channel matters, by several published criteria.

Each criterion gives every channel of a group a number from the weights that compute it, one
number per producing layer; each layer's numbers are divided by their mean, so that a layer of
large weights does not outvote the others of its group, and added up.
"""

from __future__ import annotations

import enum
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.prune.channels.structure import Group, Keep, LabelArray, Structure

Scores = npt.NDArray[np.float64]
#: Arrays of every layer, by its name, in the order of `layer.weights`.
LayerArrays = Mapping[str, list[npt.NDArray[np.float32]]]


class Importance(enum.Enum):
    """What stands for a channel's importance.

    Attributes:
        L1: Sum of its weights' magnitudes (Li et al., arXiv 1608.08710).
        L2: Root of the sum of their squares.
        GAMMA: Magnitude of the scale that batch normalisation gives it (Liu et al., arXiv 1708.06519);
            where no normalisation follows, L1.
        FPGM: Sum of its filter's distances to the layer's other filters, so that what others can
            stand for goes first (He et al., arXiv 1811.00250).
        TAYLOR: Square of the loss's first-order change without it, (sum of gradient times weight)^2
            (Molchanov et al., arXiv 1906.10771).
        RANDOM: A seeded draw, to compare with.
    """

    L1 = "l1"
    L2 = "l2"
    GAMMA = "gamma"
    FPGM = "fpgm"
    TAYLOR = "taylor"
    RANDOM = "random"


@dataclass(frozen=True, eq=False)
class Evidence:
    """What importance is judged by.

    Attributes:
        weights: Of every layer.
        gradients: Of the loss by every weight, zeros where there is none; only TAYLOR looks at them.
        gammas: Scales of the batch normalisations, by layer; only GAMMA looks at them.
        seed: Of the draw of RANDOM.
    """

    weights: LayerArrays
    gradients: LayerArrays = field(default_factory=dict)
    gammas: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    seed: int = 0

    @staticmethod
    def of(layers: Iterable[Any], seed: int = 0, gradients: LayerArrays | None = None) -> Evidence:
        """Weights and scales of tf-keras layers, with the gradients where there are any."""
        known = list(layers)
        gammas = {
            layer.name: np.asarray(layer.gamma)
            for layer in known
            if type(layer).__name__ == "BatchNormalization" and layer.scale
        }
        return Evidence({layer.name: layer.get_weights() for layer in known}, gradients or {}, gammas, seed)


def channel_importance(group: Group, structure: Structure, evidence: Evidence, importance: Importance) -> Scores:
    """Importance of each channel of a group, float64 [group.size], on average the number of its producers."""
    if importance is Importance.RANDOM:
        key = [evidence.seed, zlib.crc32(group.name.encode())]
        return np.random.default_rng(key).uniform(0.5, 1.5, group.size)
    if importance is Importance.GAMMA:
        scales = _gammas(group, structure, evidence)
        if scales is not None:
            return scales
        importance = Importance.L1
    total = np.zeros(group.size)
    for name in group.producers:
        total += _by_mean(_of_producer(name, group, structure, evidence, importance))
    return total


def alive(group: Group, structure: Structure, weights: LayerArrays) -> npt.NDArray[np.bool_]:
    """Whether any weight that computes a channel is not zero, bool [group.size]."""
    evidence = Evidence(weights)
    total = sum(_of_producer(name, group, structure, evidence, Importance.L1) for name in group.producers)
    return np.asarray(total > 0)


def choose(structure: Structure, evidence: Evidence, sizes: tuple[int, ...], importance: Importance) -> Keep:
    """Keep the most important channels of each removable group; ties go to the lower channel number.

    Channels whose weights are all zero go first, whatever the criterion says: they were removed
    before.
    """
    removed = [np.zeros(0, np.int64)]
    for group, size in zip(structure.removable, sizes, strict=True):
        scores = channel_importance(group, structure, evidence, importance)
        scores = np.where(alive(group, structure, evidence.weights), scores, -1.0)
        order = np.argsort(-scores, kind="stable")
        removed.append(group.channels[np.sort(order[size:])])
    return structure.decide(np.concatenate(removed))


#: What one axis of a weight says of its channels: (value, gradient, axis) -> float64 [length of the axis].
_Part = Callable[[npt.NDArray[Any], "npt.NDArray[Any] | None", int], Scores]


def _others(value: npt.NDArray[Any], axis: int) -> tuple[int, ...]:
    return tuple(a for a in range(value.ndim) if a != axis)


def _magnitudes(value: npt.NDArray[Any], _: object, axis: int) -> Scores:
    return np.asarray(np.abs(value).sum(_others(value, axis), dtype=np.float64))


def _squares(value: npt.NDArray[Any], _: object, axis: int) -> Scores:
    return np.asarray(np.square(value).sum(_others(value, axis), dtype=np.float64))


def _distances(value: npt.NDArray[Any], _: object, axis: int) -> Scores:
    """Sum of the Euclidean distances of each filter to all others."""
    filters = np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1).astype(np.float64)
    norms = np.square(filters).sum(1)
    squared = norms[:, None] + norms[None] - 2.0 * filters @ filters.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)).sum(1))


def _changes(value: npt.NDArray[Any], gradient: npt.NDArray[Any] | None, axis: int) -> Scores:
    product = value * (np.zeros_like(value) if gradient is None else gradient)
    return np.asarray(product.sum(_others(value, axis), dtype=np.float64))


#: Per criterion the part of one weight, and what makes the importance of a channel's sum of parts.
_PARTS: dict[Importance, tuple[_Part, Callable[[Scores], Scores]]] = {
    Importance.L1: (_magnitudes, np.asarray),
    Importance.L2: (_squares, np.sqrt),
    Importance.FPGM: (_distances, np.asarray),
    Importance.TAYLOR: (_changes, np.square),
}


def _of_producer(name: str, group: Group, structure: Structure, evidence: Evidence, importance: Importance) -> Scores:
    """What one producing layer says of the group's channels, float64 [group.size]."""
    part, finish = _PARTS[importance]
    layer, sums = structure.layers[name], np.zeros(group.size)
    gradients = evidence.gradients.get(name)
    for number, (value, axes) in enumerate(zip(evidence.weights[name], layer.weights, strict=True)):
        if value.ndim < 2:
            continue
        for axis, labels in enumerate(axes.axes):
            if labels is not None and _is_output(labels, layer.outputs):
                given = part(value, gradients[number] if gradients else None, axis)
                _add(sums, group, structure.roots[labels], given)
    return finish(sums)


def _gammas(group: Group, structure: Structure, evidence: Evidence) -> Scores | None:
    """Magnitudes of the normalisations' scales of the group's channels; None where nothing normalises them."""
    total, found = np.zeros(group.size), False
    for name, gamma in evidence.gammas.items():
        labels = structure.layers[name].outputs if name in structure.layers else np.zeros(0, np.int64)
        roots = structure.roots[labels]
        if len(labels) == len(gamma) and np.isin(roots, group.channels).any():
            own = np.zeros(group.size)
            _add(own, group, roots, np.abs(gamma).astype(np.float64))
            total, found = total + _by_mean(own), True
    return total if found else None


def _add(sums: Scores, group: Group, roots: LabelArray, given: Scores) -> None:
    """Add what was given per position of an axis to the group's channels."""
    order = np.argsort(group.channels)
    place = np.searchsorted(group.channels[order], roots)
    place = np.minimum(place, group.size - 1)
    here = group.channels[order][place] == roots
    np.add.at(sums, order[place[here]], given[here])


def _by_mean(sums: Scores) -> Scores:
    mean = float(sums.mean())
    return sums / mean if mean > 0 else np.zeros_like(sums)


def _is_output(labels: LabelArray, outputs: LabelArray) -> bool:
    """Whether an axis holds the layer's output channels (repeated per gate in recurrent layers)."""
    return len(labels) >= len(outputs) and bool(np.isin(labels, outputs).all())
