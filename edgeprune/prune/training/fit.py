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
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.progress import Progress
from edgeprune.prune.training.batches import Batches
from edgeprune.prune.training.loss import distillation_loss

_tf = tensorflow()


class _Watch(keras().callbacks.Callback):  # type: ignore[misc]  # tf-keras has no types
    """Stops at a loss that is no number, saves a checkpoint per epoch, reports progress."""

    def __init__(self, name: str, manager: Any, epoch: Any, progress: Progress) -> None:
        super().__init__()
        self._name, self._manager, self._epoch, self._progress = name, manager, epoch, progress

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            self._stop(f"the loss became {loss}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            self._stop("weights became NaN or infinite")  # a checkpoint of them would be worthless
        self._epoch.assign(epoch + 1)
        self._manager.save(checkpoint_number=epoch + 1)
        self._progress.advance(1, f"loss {(logs or {}).get('loss', 0.0):.4f}")

    def _stop(self, what: str) -> None:
        good = self._manager.latest_checkpoint
        kept = f"the last good checkpoint is {good}" if good else "no epoch was completed"
        raise TrainingDiverged(
            f"{self._name}: {what} in epoch {int(self._epoch) + 1} ({kept}); lower the learning rate and run again"
        )


def fit(
    name: str,
    student: Any,
    batches: Batches,
    epochs: int,
    learning_rate: float,
    folder: Path,
    progress: Progress,
    callbacks: Sequence[Any] = (),
) -> None:
    """Train `student` in place with Adam and a cosine learning rate, continuing from `folder` if it can.

    Args:
        name: The task in progress reports and errors.
        student: tf-keras model; TF-MOT's wrappers are allowed.
        batches: What to train on.
        epochs: How many epochs in all, those before an interruption included.
        learning_rate: At the start; it falls to zero along a half cosine after a short warm-up.
        folder: Checkpoints; the newest in it is continued from.
        progress: Advanced once per epoch.
        callbacks: Further Keras callbacks, called before the checkpoint is written.

    Raises:
        TrainingDiverged: The loss became NaN or infinite; the checkpoints stay.
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
    epoch = _tf.Variable(0, dtype=_tf.int64, trainable=False)
    checkpoint = _tf.train.Checkpoint(model=student, optimizer=optimizer, epoch=epoch)
    manager = _tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2)
    if manager.latest_checkpoint:
        checkpoint.restore(manager.latest_checkpoint)
    done = int(epoch)
    progress.start(name, epochs)
    if done:
        progress.advance(done, "continued")
    student.fit(
        batches.dataset(done, epochs),
        initial_epoch=done,
        epochs=epochs,
        steps_per_epoch=batches.per_epoch,
        verbose=0,
        callbacks=[*callbacks, _Watch(name, manager, epoch, progress)],
    )
    progress.finish()
