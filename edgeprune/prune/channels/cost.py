"""Multiply-accumulates and parameters of a Keras model, dense or with channels removed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from edgeprune.models.functional import calls
from edgeprune.prune.channels.structure import Keep, LabelArray, Structure, kept_size


@dataclass(frozen=True)
class CountedWeight:
    """One weight: its shape, the labels on its axes, and how often an inference multiplies by all of it."""

    layer: str
    shape: tuple[int, ...]
    axes: tuple[LabelArray | None, ...]
    uses: int

    def elements(self, keep: Keep) -> int:
        """Values that stay."""
        return math.prod(kept_size(labels, full, keep) for full, labels in zip(self.shape, self.axes, strict=True))


@dataclass(frozen=True)
class Cost:
    """What a model costs as a function of the channels that stay.

    A kernel's multiply-accumulates are its elements times the positions it is applied to
    (output positions for convolutions, input positions for transposed ones, time steps for
    recurrent layers).  Biases, normalisation, activations and pooling count nothing, as in
    the published figures of MobileNet and its kin.
    """

    weights: tuple[CountedWeight, ...]

    @staticmethod
    def of(model: Any, structure: Structure) -> Cost:
        """The cost of a flat functional tf-keras model; raises ModelError where it has no layer graph."""
        uses = _kernel_uses(model, structure)
        weights = []
        for layer in model.layers:
            known = structure.layers.get(layer.name)
            for index, variable in enumerate(layer.weights):
                shape = tuple(int(n) for n in variable.shape)
                axes = known.weights[index].axes if known is not None and known.weights else (None,) * len(shape)
                is_kernel = len(shape) > 1 and "kernel" in variable.name.rsplit("/", 1)[-1]
                weights.append(CountedWeight(layer.name, shape, axes, uses.get(layer.name, 0) if is_kernel else 0))
        return Cost(tuple(weights))

    def macs(self, keep: Keep) -> int:
        """Multiply-accumulates of one inference."""
        return sum(weight.uses * weight.elements(keep) for weight in self.weights if weight.uses)

    def parameters(self, keep: Keep) -> int:
        """Values of all weights, BatchNormalization's statistics included."""
        return sum(weight.elements(keep) for weight in self.weights)

    def layer_macs(self, keep: Keep) -> dict[str, int]:
        """Multiply-accumulates by layer, for layers that have any."""
        result: dict[str, int] = {}
        for weight in self.weights:
            if weight.uses:
                result[weight.layer] = result.get(weight.layer, 0) + weight.uses * weight.elements(keep)
        return result


def _kernel_uses(model: Any, structure: Structure) -> dict[str, int]:
    """Kernel applications per inference by layer; layers without a rule count their output positions."""
    result = {name: layer.positions for name, layer in structure.layers.items() if layer.weights}
    for call in calls(model):
        name = call.layer.name
        if call.is_input or structure.layers[name].weights:
            continue
        result[name] = result.get(name, 0) + math.prod(n or 1 for n in call.outputs[0].shape[1:-1])
    return result
