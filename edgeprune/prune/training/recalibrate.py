"""Batch normalization's statistics, taken anew where they do not belong to the weights.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from typing import Any

from edgeprune.models.tensorflow import keras
from edgeprune.prune.training.batches import Batches

_NOISE = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "AlphaDropout")

#: A moving average that holds more than this share of its start has not forgotten it.
_REMEMBERED = 1e-3


def recalibrate(model: Any, batches: Batches, steps: int = 0) -> None:
    """Set the moving mean and variance of each batch normalization to plain averages over training batches.

    After so many steps of training that the moving averages have forgotten where they began, they stay:
    they saw more examples.  Nothing else changes.  Layers that do not train keep their statistics, as in training, and
    dropout is off, since it would widen the variances.

    Args:
        model: tf-keras model, changed in place.
        batches: Whose first `training.recalibration` batches are used.
        steps: For how many steps the model has trained.
    """
    normalizations = [
        layer for layer in model.layers if isinstance(layer, keras().layers.BatchNormalization) and layer.trainable
    ]
    momenta = [layer.momentum for layer in normalizations]
    if not momenta or max(momenta) ** steps < _REMEMBERED:
        return
    noise = [(layer, layer.rate) for layer in model.layers if type(layer).__name__ in _NOISE]
    try:
        for layer, _ in noise:
            layer.rate = 0.0
        for number, inputs in enumerate(batches.inputs(batches.training.recalibration)):
            for layer in normalizations:
                layer.momentum = number / (number + 1)  # the average of all batches up to this one
            model(inputs, training=True)
    finally:
        for layer, rate in noise:
            layer.rate = rate
        for layer, momentum in zip(normalizations, momenta, strict=True):
            layer.momentum = momentum
