"""The proof that removing channels changed nothing: both models on the same random input."""

from __future__ import annotations

from typing import Any

from edgeprune.errors import VerificationError
from edgeprune.models.compare import largest_difference
from edgeprune.models.functional import config_of, rebuild, same
from edgeprune.models.tensorflow import keras

#: Largest difference allowed, relative to the largest value of the output.
TOLERANCE = 1e-5


def without_output_activation(model: Any) -> Any:
    """A copy whose outputs are the values before softmax or sigmoid: a saturated output would hide differences."""
    last = {id(tensor._keras_history.layer) for tensor in model.outputs}

    def make(layer: Any) -> Any:
        if id(layer) not in last:
            return same(layer)
        if type(layer).__name__ == "Softmax":
            return keras().layers.Activation("linear", name=layer.name)
        config = config_of(layer)
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
