"""Training of a fully connected network under masks, in numpy.

At this size of network and batch it takes less than half the time of TensorFlow, and where most
weights are masked Adam's part of it vanishes, because only the others are visited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs, float32 [N, features], with class numbers, int64 [N]."""

    x: Floats
    y: Labels


class Network:
    """A network of dense layers, ReLU between them and softmax at the end, with its Adam (arXiv 1412.6980).

    Args:
        weights: Kernel [inputs, outputs] and bias [outputs] of each layer in turn; copied.
        masks: What of each kernel may differ from zero.
        rate: Adam's learning rate.
    """

    def __init__(self, weights: Sequence[Floats], masks: Sequence[Flags], rate: float) -> None:
        self._flat = np.concatenate([np.ravel(weight) for weight in weights]).astype(np.float32)
        self._slopes = np.zeros_like(self._flat)
        bounds = np.cumsum([weight.size for weight in weights])[:-1]
        shapes = [weight.shape for weight in weights]
        self.weights = [w.reshape(s) for w, s in zip(np.split(self._flat, bounds), shapes, strict=True)]
        self._gradients = [g.reshape(s) for g, s in zip(np.split(self._slopes, bounds), shapes, strict=True)]
        for kernel, mask in zip(self.weights[::2], masks, strict=True):
            np.multiply(kernel, mask, out=kernel)
        flags = [f for m, bias in zip(masks, weights[1::2], strict=True) for f in (m.ravel(), np.ones(bias.size, bool))]
        self._alive = np.flatnonzero(np.concatenate(flags))
        self._mean, self._square = np.zeros((2, self._alive.size), np.float32)
        self._rate, self._steps = rate, 0

    def log_probabilities(self, x: Floats) -> Floats:
        """Log-probabilities, float32 [N, classes]."""
        return self._forward(x)[-1]

    def step(self, x: Floats, y: Labels) -> None:
        """One step of Adam on a batch's mean cross-entropy."""
        values = self._forward(x)
        error = np.exp(values.pop())
        error[np.arange(len(y)), y] -= 1
        error /= np.float32(len(y))
        for layer in range(len(values) - 1, -1, -1):
            kernel = self.weights[2 * layer]
            np.matmul(values[layer].T, error, out=self._gradients[2 * layer])
            error.sum(0, out=self._gradients[2 * layer + 1])
            if layer:
                error = (error @ kernel.T) * (values[layer] > 0)
        self._descend()

    def _forward(self, x: Floats) -> list[Floats]:
        """The input of each layer, and the log-probabilities."""
        values = [x]
        for kernel, bias in zip(self.weights[::2], self.weights[1::2], strict=True):
            values.append(np.maximum(values[-1] @ kernel + bias, 0) if len(values) < self._layers else _log_softmax(
                values[-1] @ kernel + bias
            ))  # fmt: skip
        return values

    @property
    def _layers(self) -> int:
        return len(self.weights) // 2

    def _descend(self) -> None:
        first, second, tiny = 0.9, 0.999, np.float32(1e-7)
        self._steps += 1
        slope = self._slopes[self._alive]
        self._mean += np.float32(1 - first) * (slope - self._mean)
        self._square += np.float32(1 - second) * (slope * slope - self._square)
        rate = self._rate * np.sqrt(1 - second**self._steps) / (1 - first**self._steps)
        self._flat[self._alive] -= np.float32(rate) * self._mean / (np.sqrt(self._square) + tiny)


def _log_softmax(values: Floats) -> Floats:
    shifted = values - values.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


@dataclass(frozen=True)
class Schedule:
    """How long to train: `steps` batches of `batch` examples, looked at every `interval` steps."""

    steps: int
    interval: int
    batch: int = 60
    rate: float = 1.2e-3


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one training gave.

    Attributes:
        weights: At the end.
        best_step: Of the smallest validation loss, where early stopping would have stopped.
        best_accuracy: On the test images at that step, 0 to 1.
        final_accuracy: On the test images at the end.
    """

    weights: list[Floats]
    best_step: int
    best_accuracy: float
    final_accuracy: float


def train(
    network: Network, training: Examples, validation: Examples, test: Examples, schedule: Schedule, seed: Sequence[int]
) -> Outcome:
    """Train `network` in place; batches depend on `seed` only, and the test images influence nothing."""
    rng = np.random.default_rng(seed)
    order = np.empty(0, np.int64)
    best_loss, best_step, best_accuracy = np.inf, 0, 0.0
    for step in range(1, schedule.steps + 1):
        if len(order) < schedule.batch:
            order = rng.permutation(len(training.y))
        chosen, order = order[: schedule.batch], order[schedule.batch :]
        network.step(training.x[chosen], training.y[chosen])
        if step % schedule.interval == 0:
            loss = float(-network.log_probabilities(validation.x)[np.arange(len(validation.y)), validation.y].mean())
            if loss < best_loss:
                best_loss, best_step, best_accuracy = loss, step, accuracy(network, test)
    return Outcome([w.copy() for w in network.weights], best_step, best_accuracy, accuracy(network, test))


def accuracy(network: Network, examples: Examples) -> float:
    """Share of the examples that the network classifies rightly."""
    return float(np.mean(network.log_probabilities(examples.x).argmax(1) == examples.y))
