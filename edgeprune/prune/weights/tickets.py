"""Lottery tickets (Frankle and Carbin, arXiv 1803.03635): how much goes in which round, and fresh weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeprune.models.functional import calls, rebuild

_MOST_ROUNDS = 1000  # only so that the search for the number ends


@dataclass(frozen=True)
class Rounds:
    """Shares of zeros, round after round; each round takes the same share of what is left.

    Attributes:
        count: Number of rounds.
        shares: Of every kernel: what one round takes of its remaining weights, 0 to 1.
    """

    count: int
    shares: tuple[float, ...]

    def zeros(self, kernel: int, done: int) -> float:
        """Share of zeros in a kernel after `done` rounds."""
        return 1.0 - (1.0 - self.shares[kernel]) ** done

    def remaining(self, sizes: Sequence[int], done: int) -> float:
        """Share of non-zeros in all kernels, of these sizes, after `done` rounds."""
        left = sum(size * (1.0 - self.zeros(kernel, done)) for kernel, size in enumerate(sizes))
        return left / sum(sizes)


def rounds_for(sizes: Sequence[int], speeds: Sequence[float], share: float, sparsity: float) -> Rounds:
    """The fewest rounds that reach `sparsity` without taking more than `share` in one.

    Args:
        sizes: Weights of each kernel.
        speeds: What each kernel's share is multiplied with: 0.5 for the output layer's.
        share: At most this much of what is left goes in one round, between 0 and 1.
        sparsity: Share of zeros in all kernels at the end, between 0 and 1.
    """
    from scipy.optimize import brentq

    def plan(count: int, share: float) -> Rounds:
        return Rounds(count, tuple(share * speed for speed in speeds))

    def missing(count: int, share: float) -> float:
        return plan(count, share).remaining(sizes, count) - (1.0 - sparsity)

    count = next((n for n in range(1, _MOST_ROUNDS) if missing(n, share) <= 0), _MOST_ROUNDS)
    if missing(count, share) >= 0:
        return plan(count, share)
    return plan(count, float(brentq(lambda least: missing(count, least), 0.0, share, xtol=1e-12)))


def rounds_to(share: float, speeds: Sequence[float], count: int) -> Rounds:
    """`count` rounds that take `share` each, times each kernel's speed."""
    return Rounds(count, tuple(share * speed for speed in speeds))


def with_final(rounds: Rounds, kernel: int, zeros: float) -> Rounds:
    """The same rounds, except that one kernel ends with that share of zeros."""
    own = 1.0 - (1.0 - zeros) ** (1.0 / rounds.count)
    return Rounds(rounds.count, (*rounds.shares[:kernel], own, *rounds.shares[kernel + 1 :]))


def drawn(model: Any, seed: int) -> Any:
    """The same tf-keras model with weights drawn anew from its layers' initialisers.

    Layers without trainable weights keep what they hold (such as the statistics of a Normalization layer).
    """
    numbers = np.random.SeedSequence(seed).spawn(len(model.layers))
    places = {id(layer): place for place, layer in enumerate(model.layers)}

    def make(layer: Any) -> Any:
        source = np.random.default_rng(numbers[places[id(layer)]])
        return layer.__class__.from_config(_seeded(layer.get_config(), source))

    fresh = rebuild(model, make)
    for old, new in fresh.pairs:
        if not old.trainable_weights:
            new.set_weights(old.get_weights())
    return fresh.model


def _seeded(config: Any, source: np.random.Generator, initializer: bool = False) -> Any:
    """A layer's configuration whose initialisers have seeds of their own."""
    if isinstance(config, dict):
        return {
            key: int(source.integers(2**31))
            if initializer and key == "seed"
            else _seeded(value, source, initializer or key.endswith("_initializer"))
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return [_seeded(value, source, initializer) for value in config]
    return config


def output_layers(model: Any, holders: frozenset[str]) -> frozenset[str]:
    """Names of those layers of `holders` whose outputs reach the model's without passing another of them."""
    wanted = {id(tensor) for tensor in model.outputs}
    found = set()
    for call in reversed(list(calls(model))):
        if not wanted.isdisjoint(id(tensor) for tensor in call.outputs):
            if call.layer.name in holders:
                found.add(call.layer.name)
            else:
                wanted.update(id(tensor) for tensor in call.inputs)
    return frozenset(found)
