"""Pruning single weights while the model trains: TF-MOT's wrappers hold the masks, our rules decide them.

Import `GradualMasks` inside functions only: it needs TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeprune.prune.weights.kernels import Kernel, kernels_with_zeros
from edgeprune.prune.weights.rules import MaskRule
from edgeprune.prune.wrappers import HeldMasks


class GradualMasks(HeldMasks):
    """Masks more and more of the kernels while a wrapped model trains, ending with the whole pattern.

    Weights that are zero when pruning begins stay zero.
    """

    def __init__(self, kernels: Sequence[Kernel[MaskRule]], model: Any, total_steps: int, updates: int) -> None:
        """Plan `updates` mask updates over the first three quarters of `total_steps`.

        Args:
            kernels: What is masked, and with which patterns.
            model: The model before pruning; its zeros stay.
            total_steps: Of the training.
            updates: How often the masks are chosen anew.
        """
        zeros = kernels_with_zeros(model)
        pruned = {(kernel.layer, kernel.weight) for kernel in kernels}
        super().__init__({key: alive for key, alive in zeros.items() if key not in pruned})
        self._kernels = {(kernel.layer, kernel.weight): kernel for kernel in kernels}
        self._alive = {key: kernel.value(model) != 0 for key, kernel in self._kernels.items()}
        phase = max(1, int(total_steps * 0.75))
        self._every = max(1, phase // updates)
        self._end = phase // self._every * self._every

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Update the masks where this step is one of the planned ones."""
        step = int(self.model.optimizer.iterations)
        if step <= self._end and step % self._every == 0:
            self._update(step / self._end)

    def on_train_end(self, logs: Any = None) -> None:
        """Update once more at the final share: the planned steps need not have met it."""
        self._update(1.0)

    def _update(self, progress: float) -> None:
        masks = {}
        for key, weight, variable in self._held():
            if key not in self._kernels:
                continue
            # Without what the optimizer has just put into masked weights: they would displace small ones.
            value = weight.numpy() * variable.numpy() * self._alive[key]
            masks[key] = self._kernels[key].mask(value, progress) & self._alive[key]
        self.set(masks)
