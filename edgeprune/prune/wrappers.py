"""TF-MOT's wrappers as holders of masks that others decide.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import sparsity, tensorflow
from edgeprune.prune.weights.layout import Flags

_tf = tensorflow()
# The wrappers' conditions make this optimization warn on stderr at each training, past every log level.
_tf.config.optimizer.set_experimental_options({"loop_optimization": False})
_PruningSchedule: Any = sparsity().PruningSchedule
_PruningPolicy: Any = sparsity().PruningPolicy
_UpdatePruningStep: Any = sparsity().UpdatePruningStep

#: The masks of a model's weights by layer and number of the weight; 1 and 0 as the layer's weights lie in Keras.
Masks = Mapping[tuple[str, int], Flags]


class Never(_PruningSchedule):  # type: ignore[misc]  # TF-MOT has no types
    """A schedule at which TF-MOT never updates a mask by itself."""

    def __call__(self, step: Any) -> tuple[Any, Any]:
        """No update, and no sparsity, at any step."""
        return _tf.constant(False), _tf.constant(0.0)

    def get_config(self) -> dict[str, Any]:
        """What TF-MOT saves with a wrapper."""
        return {"class_name": type(self).__name__, "config": {}}


class _Named(_PruningPolicy):  # type: ignore[misc]  # TF-MOT has no types
    """Wraps the layers of these names."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def allow_pruning(self, layer: Any) -> bool:
        """Whether TF-MOT may wrap this layer."""
        return layer.name in self._names

    def ensure_model_supports_pruning(self, model: Any) -> None:
        """Only the layers that were asked for are wrapped."""


def wrap(model: Any, weights: Sequence[tuple[str, int]]) -> Any:
    """A copy of `model` in TF-MOT's wrappers, with masks of ones for the weights given by layer and number.

    Which weights a wrapper masks is what the layer's `get_prunable_weights` says, TF-MOT's
    extension point, so any weight of any layer with one input can be masked.
    """
    copy = clone(model)
    for name in {layer for layer, _ in weights}:
        layer = copy.get_layer(name)
        held = [layer.weights[number] for owner, number in weights if owner == name]
        layer.get_prunable_weights = _returning(held)
    policy = _Named(frozenset(layer for layer, _ in weights))
    return sparsity().prune_low_magnitude(copy, pruning_schedule=Never(), pruning_policy=policy)


def _returning(value: list[Any]) -> Callable[[], list[Any]]:
    return lambda: value


class HeldMasks(_UpdatePruningStep):  # type: ignore[misc]  # TF-MOT has no types
    """Keeps masked weights at zero while a wrapped model trains, past the last optimizer step too.

    Args:
        masks: Set when training begins; without them the wrappers' masks stay as they are.
    """

    def __init__(self, masks: Masks | None = None) -> None:
        super().__init__()
        self._masks = masks or {}

    def on_train_begin(self, logs: Any = None) -> None:
        """Set the masks."""
        super().on_train_begin(logs)
        self.set(self._masks)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Zero what the last optimizer step has put into masked weights, before a checkpoint is written."""
        self.apply()

    def on_train_end(self, logs: Any = None) -> None:
        """As at the end of an epoch."""
        self.apply()

    def set(self, masks: Masks) -> None:
        """Set the wrappers' masks of these weights and zero what they mask."""
        for key, weight, variable in self._held():
            if key in masks:
                variable.assign(masks[key].astype(np.float32))
                weight.assign(weight * variable)

    def apply(self) -> None:
        """Zero masked weights."""
        for _, weight, variable in self._held():
            weight.assign(weight * variable)

    def _held(self) -> Iterator[tuple[tuple[str, int], Any, Any]]:
        """(layer, number of the weight), weight variable and mask variable of all wrapped weights."""
        for wrapper in self.model.layers:
            if hasattr(wrapper, "pruning_vars"):
                numbers = {id(weight): number for number, weight in enumerate(wrapper.layer.weights)}
                for weight, variable, _ in wrapper.pruning_vars:
                    yield (wrapper.layer.name, numbers[id(weight)]), weight, variable


def strip(wrapped: Any) -> Any:
    """The wrapped model without its wrappers; masked weights are zero."""
    return sparsity().strip_pruning(wrapped)
