"""Gradual channel pruning with TF-MOT: its wrappers hold the masks, our callback decides them.

TF-MOT masks single weights by magnitude.  Here its own update never fires; instead
whole channels are masked, at the producers' outputs and at the consumers' inputs, so
that taking them out afterwards is exact whatever bias, BN shift or activation lies
between.  Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import sparsity
from edgeprune.prune.channels.importance import Norm, choose
from edgeprune.prune.channels.structure import Keep, Structure, mask
from edgeprune.prune.wrappers import KernelPolicy, Never

_UpdatePruningStep: Any = sparsity().UpdatePruningStep


def _with_removable_channels(structure: Structure) -> frozenset[str]:
    """Names of the layers that lose channels, at their outputs or at their inputs."""
    removable = np.concatenate([np.zeros(0, np.int64), *(g.channels for g in structure.removable)])
    return frozenset(
        layer.name
        for layer in structure.layers.values()
        for weight in layer.weights
        for labels in weight.axes
        if labels is not None and np.isin(structure.roots[labels], removable).any()
    )


def wrap(model: Any, structure: Structure) -> Any:
    """A copy of `model` in TF-MOT's wrappers, its masks all ones; the original is not changed."""
    policy = KernelPolicy(_with_removable_channels(structure))
    return sparsity().prune_low_magnitude(clone(model), pruning_schedule=Never(), pruning_policy=policy)


def sizes_at(full: Sequence[int], final: Sequence[int], progress: float) -> tuple[int, ...]:
    """Channels that stay in each group at `progress` (0 to 1) of the gradual phase.

    The removed share follows the cubic schedule of Zhu and Gupta (arXiv 1710.01878): fast
    while there is much to spare, slow towards the end.
    """
    share = 1.0 - (1.0 - min(max(progress, 0.0), 1.0)) ** 3
    return tuple(before - round((before - after) * share) for before, after in zip(full, final, strict=True))


class GroupMasks(_UpdatePruningStep):  # type: ignore[misc]  # TF-MOT has no types
    """Sets the wrappers' masks group by group while the model trains, ending at the final sizes.

    Attributes:
        keep: The last decision: per label, whether the channel stays.
    """

    def __init__(
        self, structure: Structure, final: tuple[int, ...], norm: Norm, total_steps: int, updates: int = 24
    ) -> None:
        """Plan `updates` mask updates over the first three quarters of `total_steps`."""
        super().__init__()
        self._structure = structure
        self._full = tuple(group.size for group in structure.removable)
        self._final = final
        self._norm = norm
        self._end = max(1, int(total_steps * 0.75))
        self._every = max(1, self._end // updates)
        self.keep: Keep = structure.keep_all()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Update the masks where this step is one of the planned ones."""
        step = int(self.model.optimizer.iterations)
        if step <= self._end and step % self._every == 0:
            self._update(step / self._end)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Zero what the last optimizer step has put into masked weights."""
        self._apply()

    def on_train_end(self, logs: Any = None) -> None:
        """Update once more at the final sizes: the planned steps need not have met them."""
        self._update(1.0)
        self._apply()

    def _wrappers(self) -> list[Any]:
        return [layer for layer in self.model.layers if hasattr(layer, "pruning_vars")]

    def _update(self, progress: float) -> None:
        weights = {}
        for layer in self.model.layers:
            inner = layer.layer if hasattr(layer, "pruning_vars") else layer
            weights[inner.name] = inner.get_weights()
        self.keep = choose(self._structure, weights, sizes_at(self._full, self._final, progress), self._norm)
        for wrapper in self._wrappers():
            axes = self._structure.layers[wrapper.layer.name].weights
            position = {id(weight): index for index, weight in enumerate(wrapper.layer.weights)}
            for weight, mask_variable, _ in wrapper.pruning_vars:
                where = axes[position[id(weight)]]
                mask_variable.assign(mask(tuple(weight.shape), where, self.keep))

    def _apply(self) -> None:
        for wrapper in self._wrappers():
            for weight, mask_variable, _ in wrapper.pruning_vars:
                weight.assign(weight * mask_variable)
