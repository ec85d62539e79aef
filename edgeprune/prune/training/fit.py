"""Training that is safe to interrupt.

Each batch is a pure function of the seed and the step, and each epoch ends in a
checkpoint of weights and optimizer: a run that was interrupted continues as if it had
not been.  Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import TrainingDiverged
from edgeprune.models.tensorflow import keras
from edgeprune.progress import Progress
from edgeprune.prune.training.batches import Batches
from edgeprune.prune.training.checkpoints import Checkpoints
from edgeprune.prune.training.loss import cross_entropy, distillation_loss
from edgeprune.prune.training.recalibrate import recalibrate

_JUDGED = 512  # held-out examples that are judged at once


class _Watch(keras().callbacks.Callback):  # type: ignore[misc]  # tf-keras has no types
    """Stops at a loss that is no number, judges and saves each epoch, reports progress."""

    def __init__(self, name: str, checkpoints: Checkpoints, judge: _Judge | None, progress: Progress) -> None:
        super().__init__()
        self._name, self._checkpoints, self._judge, self._progress = name, checkpoints, judge, progress

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            self._stop(f"the loss became {loss}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            self._stop("weights became NaN or infinite")  # a checkpoint of them would be worthless
        self._checkpoints.save(epoch + 1, self._judge.loss(self.model) if self._judge else None)
        self._progress.advance(1, f"loss {(logs or {}).get('loss', 0.0):.4f}")
        if self._judge and self._judge.is_enough(self._checkpoints):
            self.model.stop_training = True

    def _stop(self, what: str) -> None:
        good = self._checkpoints.latest
        kept = f"the last good checkpoint is {good}" if good else "no epoch was completed"
        raise TrainingDiverged(
            f"{self._name}: {what} in epoch {self._checkpoints.epoch + 1} ({kept}); "
            "lower the learning rate and run again"
        )


class _Judge:
    """Tells from the examples that are not trained on when a training is at its best."""

    def __init__(self, batches: Batches) -> None:
        self._kind, self._patience = batches.kind, batches.training.patience
        self._inputs, self._classes = batches.held_out()

    def loss(self, model: Any) -> float:
        """Cross-entropy of the held-out examples; the model is not changed."""
        outputs = [
            model(self._inputs[start : start + _JUDGED], training=False)
            for start in range(0, len(self._inputs), _JUDGED)
        ]
        return cross_entropy(self._kind, np.concatenate(outputs), self._classes)

    def is_enough(self, checkpoints: Checkpoints) -> bool:
        """Whether the patience is over."""
        return checkpoints.epoch - checkpoints.best_epoch >= self._patience


def fit(
    name: str,
    student: Any,
    batches: Batches,
    epochs: int,
    learning_rate: float,
    folder: Path,
    progress: Progress,
    callbacks: Sequence[Any] = (),
    keep_best: bool = False,
) -> None:
    """Train `student` in place with Adam and a cosine learning rate, continuing from `folder` if it can.

    A training too short for batch normalization's moving averages ends with their recalibration.

    Args:
        name: The task in progress reports and errors.
        student: tf-keras model; TF-MOT's wrappers are allowed.
        batches: What to train on.
        epochs: How many epochs in all, those before an interruption included.
        learning_rate: At the start; it falls to zero along a half cosine after a short warm-up.
        folder: Checkpoints; the newest in it that is whole is continued from.
        progress: Advanced once per epoch.
        callbacks: Further Keras callbacks, called before the checkpoint is written.
        keep_best: Where examples are held out, stop when they say so and end with the best epoch's weights;
            not for trainings in which the model still shrinks.

    Raises:
        TrainingDiverged: The loss became NaN or infinite; the checkpoints stay.
        UserError: The folder cannot be written.
    """
    training, steps = batches.training, epochs * batches.per_epoch
    warm_up = min(batches.per_epoch, steps // 10)
    rate = keras().optimizers.schedules.CosineDecay(
        0.0 if warm_up else learning_rate, max(1, steps - warm_up), 0.0, name="rate",
        warmup_target=learning_rate if warm_up else None, warmup_steps=warm_up,
    )  # fmt: skip
    optimizer = keras().optimizers.Adam(rate)
    optimizer.build(student.trainable_variables)
    loss = distillation_loss(batches.kind, batches.classes, training.distillation, training.temperature)
    student.compile(optimizer, loss)
    checkpoints = Checkpoints(student, optimizer, folder)
    judge = _Judge(batches) if keep_best and training.held_out else None
    done = checkpoints.epoch
    progress.start(name, epochs)
    if checkpoints.ignored:
        progress.advance(0, f"not continued: {checkpoints.ignored}")
    if done:
        progress.advance(done, "continued")
    end = done if judge and done and judge.is_enough(checkpoints) else epochs
    student.fit(
        batches.dataset(done, end),
        initial_epoch=done,
        epochs=end,
        steps_per_epoch=batches.per_epoch,
        verbose=0,
        callbacks=[*callbacks, _Watch(name, checkpoints, judge, progress)],
    )
    if judge:
        checkpoints.take_best()
    recalibrate(student, batches, (checkpoints.best_epoch if judge else checkpoints.epoch) * batches.per_epoch)
    progress.finish()
