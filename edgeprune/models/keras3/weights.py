"""Copying a layer's weights into the other Keras generation, in order, with their shapes checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.models.tensorflow import keras


def copy(old: Any, new: Any) -> None:
    """Give `new` the weights of `old`; one is a Keras 3 layer, the other a tf-keras layer.

    Raises:
        ValueError: They hold weights of different shapes.
    """
    values = [np.asarray(weight) for weight in _own(old)]
    if type(old).__name__ == "Normalization" and values:  # it computes with copies, which may be newer or older
        values[:2] = [np.reshape(copied, values[0].shape) for copied in (old.mean, old.variance)]
    targets = _own(new)
    if type(old).__name__ == "LayerScale":
        values = [value.reshape(1, 1, -1, 1) for value in values]  # a factor per channel as a depthwise kernel
    shapes, wanted = [value.shape for value in values], [tuple(weight.shape) for weight in targets]
    if type(new).__name__ == "Normalization" and shapes != wanted:
        return  # mean and variance are in its configuration
    if shapes != wanted:
        raise ValueError(f"its weights have the shapes {shapes} here and {wanted} there")
    for target, value in zip(targets, values, strict=True):
        target.assign(value)
    if type(new).__name__ == "Normalization":
        new.finalize_state()


def _own(layer: Any) -> list[Any]:
    """The layer's weights without the state of random generators."""
    if isinstance(layer, keras().layers.Layer):
        return [w for w in layer.weights if w.dtype.is_floating or "count" in w.name or w.dtype.is_integer]
    return [w for w in layer.weights if "seed_generator" not in getattr(w, "path", "")]
