"""The kernels of a model that a pattern is applied to."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from edgeprune.errors import UserError
from edgeprune.models.dataset import Floats
from edgeprune.prune.policy import LayerRule, settings_by_layer
from edgeprune.prune.weights.layout import PLACES, Flags, Layout, Place
from edgeprune.prune.weights.rules import MaskRule, Setting

_Self = TypeVar("_Self")
Rule = TypeVar("Rule", bound="KernelRule")


class KernelRule(Protocol):
    """What is done to a kernel: a pattern of zeros, or the sharing of values."""

    @property
    def label(self) -> str:
        """What the user calls it."""

    def fits(self, outputs: int, reduction: int) -> bool:
        """Whether a matrix of that size has room for it."""

    def with_setting(self: _Self, value: Setting) -> _Self:
        """The same rule as one layer's rule sets it; raises UserError for a value it does not know."""


@dataclass(frozen=True)
class Kernel(Generic[Rule]):
    """One kernel and its rule.

    Attributes:
        layer: Name of its layer.
        weight: Its number among the layer's weights.
        layout: Its axes.
        rule: What is done to it.
    """

    layer: str
    weight: int
    layout: Layout
    rule: Rule

    def value(self, model: Any) -> Floats:
        """The kernel's weights in a model, in Keras' layout."""
        return np.asarray(model.get_layer(self.layer).get_weights()[self.weight])

    def mask(self: Kernel[MaskRule], value: Floats, progress: float = 1.0) -> Flags:
        """What stays of the kernel, in Keras' layout, at `progress` (0 to 1) of the way."""
        parts = [self.rule.mask(rows, progress) for rows in self.layout.tensors(value)]
        return self.layout.kernel(np.concatenate(parts), value.shape)

    def zeros(self: Kernel[MaskRule], value: Floats) -> float:
        """Share of zeros as the pattern wants them, the least of the tensors in the file."""
        return min(self.rule.zeros(rows) for rows in self.layout.tensors(value))

    def wanted(self: Kernel[MaskRule], value: Floats) -> float:
        """The share that `zeros` must reach."""
        return max(self.rule.wanted(*rows.shape) for rows in self.layout.tensors(value))


def find_kernels(model: Any, rule: Rule, layers: Iterable[LayerRule] = ()) -> tuple[Kernel[Rule], ...]:
    """The kernels that `edgeprune.prune.policy` prunes, each with its rule.

    Args:
        model: Flat functional tf-keras model.
        rule: What is done where no layer's rule says otherwise.
        layers: Rules by layer name.

    Raises:
        UserError: A rule matches no layer that has a kernel, or has a value that the rule does not
            know; or no kernel is left.
    """
    chosen = settings_by_layer(layers, [layer.name for layer in _holders(model)])
    kernels = []
    for layer in _holders(model):
        own = chosen.get(layer.name)
        if own is not None and own.skips:
            continue
        used = rule if own is None else rule.with_setting(own.value)
        for place, number, value in _kernels(layer):
            fits = all(used.fits(*rows.shape) for rows in place.layout.tensors(value))
            if fits and (place.by_default or own is not None):
                kernels.append(Kernel(layer.name, number, place.layout, used))
    if not kernels:
        raise UserError(
            f"model {model.name!r}: no layer has a kernel that can be pruned {rule.label}; choose another pattern"
        )
    return tuple(kernels)


def kernels_with_zeros(model: Any) -> dict[tuple[str, int], Flags]:
    """What is not zero of each kernel that has zeros, by layer and number of the weight, whatever the policy.

    An earlier pattern may have made them, and training must not lose them.
    """
    found = {(layer.name, number): value != 0 for layer in _holders(model) for _, number, value in _kernels(layer)}
    return {key: alive for key, alive in found.items() if not alive.all()}


def _holders(model: Any) -> list[Any]:
    """The layers that have kernels."""
    return [layer for layer in model.layers if type(layer).__name__ in PLACES]


def _kernels(layer: Any) -> Iterator[tuple[Place, int, Floats]]:
    """Place, number among the layer's weights and value of each kernel."""
    numbers = {id(variable): number for number, variable in enumerate(layer.weights)}
    for place in PLACES[type(layer).__name__]:
        variable = operator.attrgetter(place.attribute)(layer)
        yield place, numbers[id(variable)], np.asarray(variable)
