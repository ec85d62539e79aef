"""What a classifier's outputs mean, and the loss of a student that learns from labels and teacher."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from edgeprune.models.compare import random_inputs
from edgeprune.models.tensorflow import tensorflow

_tf = tensorflow()
_SMALLEST = 1e-7  # added to probabilities, so that the logarithm of 0 stays finite (and that of NaN stays NaN)


class OutputKind(enum.Enum):
    """What a classifier's output means."""

    PROBABILITIES = "probabilities"
    SIGMOID = "sigmoid"
    LOGITS = "logits"


def output_kind(model: Any) -> OutputKind:
    """Tell from outputs on random input whether they are probabilities, one sigmoid, or logits."""
    inputs = random_inputs(model)
    outputs = np.asarray(model(inputs[0], training=False))
    in_range = bool(np.all((outputs >= 0) & (outputs <= 1)))
    if in_range and outputs.shape[-1] == 1:
        return OutputKind.SIGMOID
    if in_range and np.allclose(outputs.sum(-1), 1.0, atol=1e-3):
        return OutputKind.PROBABILITIES
    return OutputKind.LOGITS


def log_probabilities(outputs: Any, kind: OutputKind) -> Any:
    """Log-probabilities [batch, classes] of a model's outputs."""
    if kind is OutputKind.LOGITS:
        return _tf.nn.log_softmax(outputs)
    if kind is OutputKind.SIGMOID:
        outputs = _tf.concat([1.0 - outputs, outputs], axis=-1)
    return _tf.math.log(outputs + _SMALLEST)


def distillation_loss(kind: OutputKind, classes: int, share: float, temperature: float) -> Any:
    """Loss of Hinton et al. (arXiv 1503.02531) over targets [one-hot | teacher's log-probabilities].

    (1 - share) * cross-entropy with the labels + share * T^2 * KL(teacher / T, student / T).
    """

    def loss(targets: Any, outputs: Any) -> Any:
        labels, teacher = targets[:, :classes], targets[:, classes:]
        student = log_probabilities(outputs, kind)
        hard = -_tf.reduce_sum(labels * student, axis=-1)
        if share == 0:  # no teacher: the targets are labels alone
            return hard
        soft_teacher = _tf.nn.log_softmax(teacher / temperature)
        soft_student = _tf.nn.log_softmax(student / temperature)
        soft = _tf.reduce_sum(_tf.exp(soft_teacher) * (soft_teacher - soft_student), axis=-1)
        return (1.0 - share) * hard + share * temperature**2 * soft

    return loss


def cross_entropy(kind: OutputKind, outputs: Any, classes: Any) -> float:
    """Mean cross-entropy of outputs [N, ...] with class numbers [N]."""
    chosen = _tf.gather(log_probabilities(_tf.convert_to_tensor(outputs), kind), classes, batch_dims=1)
    return float(-_tf.reduce_mean(chosen))
