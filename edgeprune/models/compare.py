"""Whether two models compute the same: both run on the same random input."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.models.tensorflow import keras, tensorflow

_EXAMPLES = 8


def random_inputs(model: Any, seed: int = 0) -> list[Any]:
    """Random values for each input of a model: normal of several magnitudes for floats, word numbers for integers."""
    rng = np.random.default_rng(seed)
    inputs = []
    for tensor in model.inputs:
        shape = (_EXAMPLES, *(n or 16 for n in tensor.shape[1:]))
        whole = tensor.dtype.is_integer
        size = np.geomspace(0.01, 1.0, _EXAMPLES).reshape(-1, *[1] * (len(shape) - 1))
        value = rng.integers(0, _words(model), shape) if whole else size * rng.standard_normal(shape)
        inputs.append(tensorflow().convert_to_tensor(value, tensor.dtype))
    return inputs


def _words(model: Any) -> int:
    """Integers below this are valid for every embedding of the model; 2 where it has none."""
    embedding = keras().layers.Embedding
    return min((int(layer.input_dim) for layer in model.layers if isinstance(layer, embedding)), default=2)


def relative_difference(want: Any, have: Any) -> float:
    """Largest difference of two tensors of one shape, relative to the largest value of `want`; NaN where one is."""
    reference, value = np.asarray(want, np.float64), np.asarray(have, np.float64)
    if reference.shape != value.shape:
        return float("inf")
    if reference.size == 0:
        return 0.0
    scale = max(float(np.max(np.abs(reference))), 1e-12)
    return float(np.max(np.abs(reference - value))) / scale


def worst_difference(wanted: list[Any], had: list[Any]) -> float:
    """The largest `relative_difference` of tensors pair by pair; NaN where one is."""
    worst = 0.0
    for want, have in zip(wanted, had, strict=True):
        error = relative_difference(want, have)
        worst = error if np.isnan(error) else max(worst, error)
    return worst


def largest_difference(a: Any, b: Any) -> float:
    """Largest difference of two models' outputs on random input, relative to the largest output of `a`."""
    inputs = random_inputs(a)
    flatten = tensorflow().nest.flatten
    feed = inputs[0] if len(inputs) == 1 else inputs
    return worst_difference(flatten(a(feed, training=False)), flatten(b(feed, training=False)))
