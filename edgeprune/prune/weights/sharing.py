"""Weight sharing: the weights of a kernel take few different values (Deep Compression, arXiv 1510.00149).

k-means finds the values; zeros are a value of their own and stay exactly zero.
"""

from __future__ import annotations

import enum
import warnings
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeprune.errors import UserError
from edgeprune.models.dataset import Floats
from edgeprune.prune.weights.rules import Setting

_ITERATIONS = 40


class Start(enum.Enum):
    """Where k-means begins.

    Attributes:
        LINEAR: Evenly from the smallest to the largest weight, which keeps large ones large.
        DENSITY: At equal shares of the weights.
        KMEANS_PLUS_PLUS: Drawn far from each other (Arthur and Vassilvitskii, 2007).
    """

    LINEAR = "linear"
    DENSITY = "density"
    KMEANS_PLUS_PLUS = "kmeans++"


def check_clusters(name: str, clusters: object) -> int:
    """A number of values from the user; raises UserError where it is none that can work."""
    if isinstance(clusters, bool) or not isinstance(clusters, int) or not 2 <= clusters <= 65536:
        raise UserError(f"{name} = {clusters} is not possible; give a whole number of values from 2 to 65536, say 32")
    return clusters


@dataclass(frozen=True)
class Sharing:
    """How many values a kernel's weights share, and how they are found.

    Attributes:
        clusters: Different values of a kernel at most, zero among them.
        start: Where k-means begins.
        seed: For the start that is drawn.
    """

    clusters: int
    start: Start = Start.LINEAR
    seed: int = 1

    @property
    def label(self) -> str:
        """What reports call it."""
        return f"{self.clusters} values"

    def fits(self, outputs: int, reduction: int) -> bool:
        """Any kernel can share values."""
        return True

    def with_setting(self, value: Setting) -> Sharing:
        """The same with a layer's own number of values."""
        return replace(self, clusters=check_clusters("the number of values of a layer", value))

    def assign(self, values: Floats) -> npt.NDArray[np.int64]:
        """The number of the shared value of each weight, in the shape of `values`; 0 stands for exactly zero."""
        numbers = np.zeros(values.size, np.int64)
        alive = np.flatnonzero(values.ravel())
        # A kernel without zeros needs no value for them.
        count = self.clusters - (alive.size < values.size)
        numbers[alive] = 1 + self._clusters(values.ravel()[alive].astype(np.float64), count)
        return numbers.reshape(values.shape)

    def _clusters(self, weights: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
        """The cluster of each of the weights [N], all different from zero."""
        different, numbers = np.unique(weights, return_inverse=True)
        if different.size <= count:
            return numbers.astype(np.int64)
        from scipy.cluster.vq import kmeans2

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of clusters that no weight is near: they may stay empty
            if self.start is Start.KMEANS_PLUS_PLUS:
                random = np.random.default_rng(self.seed)
                _, found = kmeans2(weights[:, None], count, _ITERATIONS, minit="++", seed=random)
            else:
                _, found = kmeans2(weights[:, None], self._first(weights, count)[:, None], _ITERATIONS, minit="matrix")
        return np.asarray(found, np.int64)

    def _first(self, weights: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
        if self.start is Start.LINEAR:
            return np.linspace(float(weights.min()), float(weights.max()), count)
        return np.asarray(np.quantile(weights, (np.arange(count) + 0.5) / count))


def shared(values: Floats, numbers: npt.NDArray[np.int64]) -> Floats:
    """`values` with each weight replaced by the mean of those with its number; number 0 gives zero."""
    counts = np.bincount(numbers.ravel())
    sums = np.bincount(numbers.ravel(), values.ravel().astype(np.float64))
    means = sums / np.maximum(counts, 1)
    means[0] = 0.0
    return np.asarray(means[numbers], np.float32)
