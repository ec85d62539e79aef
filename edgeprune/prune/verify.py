"""The proof that removing channels changed nothing: both models on the same random input."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.errors import VerificationError
from edgeprune.models.functional import rebuild, same
from edgeprune.models.tensorflow import keras, tensorflow

#: Largest difference allowed, relative to the largest value of the output.
TOLERANCE = 1e-5
_EXAMPLES = 8


def random_inputs(model: Any, seed: int = 0) -> list[Any]:
    """Random values for each input of a model: normal of several magnitudes for floats, 0 or 1 for integers."""
    rng = np.random.default_rng(seed)
    inputs = []
    for tensor in model.inputs:
        shape = (_EXAMPLES, *(n or 16 for n in tensor.shape[1:]))
        whole = tensor.dtype.is_integer
        size = np.geomspace(0.01, 1.0, _EXAMPLES).reshape(-1, *[1] * (len(shape) - 1))
        value = rng.integers(0, 2, shape) if whole else size * rng.standard_normal(shape)
        inputs.append(tensorflow().convert_to_tensor(value, tensor.dtype))
    return inputs


def largest_difference(a: Any, b: Any) -> float:
    """Largest difference of two models' outputs on random input, relative to the largest output of `a`."""
    inputs = random_inputs(a)
    flatten = tensorflow().nest.flatten
    feed = inputs[0] if len(inputs) == 1 else inputs
    worst = 0.0
    for want, have in zip(flatten(a(feed, training=False)), flatten(b(feed, training=False)), strict=True):
        reference, value = np.asarray(want, np.float64), np.asarray(have, np.float64)
        scale = max(float(np.max(np.abs(reference))), 1e-12)
        error = float(np.max(np.abs(reference - value))) / scale
        worst = error if np.isnan(error) else max(worst, error)
    return worst


def without_output_activation(model: Any) -> Any:
    """A copy whose outputs are the values before softmax or sigmoid: a saturated output would hide differences."""
    last = {id(tensor._keras_history.layer) for tensor in model.outputs}

    def make(layer: Any) -> Any:
        if id(layer) not in last:
            return same(layer)
        if type(layer).__name__ == "Softmax":
            return keras().layers.Activation("linear", name=layer.name)
        config = layer.get_config()
        if "activation" in config:
            config["activation"] = "linear"
        return layer.__class__.from_config(config)

    rebuilt = rebuild(model, make)
    for old, new in rebuilt.pairs:
        new.set_weights(old.get_weights())
    return rebuilt.model


def verify_removal(masked: Any, shrunk: Any) -> float:
    """Check that the shrunk model computes what the masked model computes; returns the difference.

    Compared are the values before the output's activation, on random input of several magnitudes.

    Raises:
        VerificationError: They differ by more than `TOLERANCE`.
    """
    error = largest_difference(without_output_activation(masked), without_output_activation(shrunk))
    if not error <= TOLERANCE:
        raise VerificationError(
            f"after the removal of channels the output of {masked.name!r} differs by {error:.1e} of its largest value "
            f"(allowed: {TOLERANCE:.0e}), so the shrunk model is discarded; please report this model's layers as a bug"
        )
    return error
