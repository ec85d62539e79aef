"""Which channels a layer misses least when the weights of the others make up for them.

Backward elimination by the optimal brain surgeon (Hassibi, Stork, 1993) for whole channels, as in
ZipLM (Kurtic, Frantar, Alistarh, arXiv 2302.04089): the squared error that removing the columns B
of a layer's inputs costs, after the best change of all other weights, is
tr(W_B (H^-1_BB)^-1 W_B^T), H the covariance of the inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeprune.compact.activations import Samples
from edgeprune.compact.layers import MixingLayer, Reals
from edgeprune.compact.structure import Numbers, Space, Structure

_RIDGE = 1e-4
#: Into how many steps the width of a space is divided.
_LEVELS = 12


@dataclass(frozen=True, eq=False)
class Level:
    """A space with some of its groups gone.

    Attributes:
        gone: The groups.
        layers: What becomes of its readers, by number of node; columns that are gone are 0.
    """

    gone: Numbers
    layers: dict[int, MixingLayer]


class _Reader:
    """One layer that reads the space, while channels go."""

    def __init__(self, layer: MixingLayer, samples: Samples, groups: Numbers, space: Space) -> None:
        """`groups` has the group of each of the layer's input channels."""
        self._layer, self._mean = layer, samples.mean
        centred = samples.rows - self._mean
        covariance = centred.T @ centred / len(centred)
        self._start = layer.weights.reshape(len(layer.weights), -1)
        self._weights = self._start.copy()
        power = float(np.einsum("od,de,oe->", self._start, covariance, self._start))
        self._power = max(power, 1e-12)
        ridge = _RIDGE * max(float(np.trace(covariance)) / len(covariance), 1e-9)
        self._inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
        taps, inputs = layer.weights.shape[1:]
        columns = [np.flatnonzero(groups == group) for group in space.groups]
        self._blocks = np.array([(np.arange(taps)[:, np.newaxis] * inputs + own).reshape(-1) for own in columns])

    def costs(self, among: Numbers) -> Reals:
        """Per position in the space what its removal adds to the error, as a share of the layer's variance."""
        blocks = self._blocks[among]
        inner = self._inverse[blocks[:, :, np.newaxis], blocks[:, np.newaxis, :]]
        weights = self._weights[:, blocks].transpose(1, 2, 0)
        solved = np.linalg.solve(inner, weights)
        return np.asarray((weights * solved).sum(axis=(1, 2)) / self._power, np.float64)

    def remove(self, position: int) -> None:
        """Take the channel away and let the other weights make up for it."""
        block = self._blocks[position]
        share = np.linalg.solve(self._inverse[np.ix_(block, block)], self._inverse[block])
        self._weights -= self._weights[:, block] @ share
        self._inverse -= self._inverse[:, block] @ share
        self._weights[:, block] = 0

    def layer(self) -> MixingLayer:
        """The layer as it is now; its bias takes the mean of what went."""
        bias = self._layer.bias + (self._start - self._weights) @ self._mean
        return MixingLayer(self._weights.reshape(self._layer.weights.shape).copy(), bias, self._layer.window)


def levels(structure: Structure, space: Space, samples: Mapping[int, Samples]) -> tuple[Level, ...]:
    """Ever narrower versions of a space, the first of them whole."""
    graph = structure.graph
    readers = {
        index: _Reader(structure.layers[index], samples[index], structure.group[graph.nodes[index].inputs[0]], space)
        for index in space.readers
    }
    width = len(space.groups)
    wanted = {min(round(width * step / _LEVELS), width - 1) for step in range(1, _LEVELS + 1)}
    left, found = np.arange(width), [Level(np.zeros(0, np.int64), {})]
    while width - len(left) < max(wanted):
        costs = np.sum([reader.costs(left) for reader in readers.values()], axis=0)
        gone = int(left[costs.argmin()])
        left = left[left != gone]
        for reader in readers.values():
            reader.remove(gone)
        if width - len(left) in wanted:
            rest = np.setdiff1d(np.arange(width), left)
            found.append(Level(space.groups[rest], {index: reader.layer() for index, reader in readers.items()}))
    return tuple(found)
