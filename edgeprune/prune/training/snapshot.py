"""The weights of one early training step, kept on disk so that later trainings can go back to them.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras


class Snapshot(keras().callbacks.Callback):  # type: ignore[misc]  # tf-keras has no types
    """Writes the model's weights, those inside TF-MOT's wrappers too, after a certain step.

    Args:
        step: Counted from the start of the training, interruptions included.
        path: The .npz to write, one array for each weight of each layer; it appears whole or not at all.
    """

    def __init__(self, step: int, path: Path) -> None:
        super().__init__()
        self._step, self._path = step, path

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write the weights where this is the step."""
        if int(self.model.optimizer.iterations) != self._step:
            return
        layers = [getattr(layer, "layer", layer) for layer in self.model.layers]
        arrays = {f"{layer.name}/{n}": w for layer in layers for n, w in enumerate(layer.get_weights())}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial.npz")
        np.savez(partial, **arrays)
        partial.replace(self._path)


def restored(model: Any, path: Path) -> Any:
    """A copy of a tf-keras model with the weights that a `Snapshot` wrote."""
    copy = clone(model)
    with np.load(path) as arrays:
        for layer in copy.layers:
            layer.set_weights([arrays[f"{layer.name}/{n}"] for n in range(len(layer.weights))])
    return copy
