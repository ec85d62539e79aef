"""Training on a small data set with the dense model as the teacher, safe to interrupt.

Each batch is a pure function of the seed and the step, and each epoch ends in a
checkpoint of weights and optimizer: a run that was interrupted continues as if it had
not been.  Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import TrainingDiverged
from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.progress import Progress
from edgeprune.prune.settings import Training
from edgeprune.prune.verify import random_inputs

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
        soft_teacher = _tf.nn.log_softmax(teacher / temperature)
        soft_student = _tf.nn.log_softmax(student / temperature)
        soft = _tf.reduce_sum(_tf.exp(soft_teacher) * (soft_teacher - soft_student), axis=-1)
        return (1.0 - share) * hard + share * temperature**2 * soft

    return loss


@dataclass(frozen=True, eq=False)
class Batches:
    """The training data as batches that depend on seed and step alone.

    Attributes:
        data: The data; its training split is used.
        teacher: The dense model, whose outputs become targets.
        kind: What the teacher's outputs mean.
        classes: Number of classes.
        training: Batch size, augmentation and seed.
    """

    data: Dataset
    teacher: Any
    kind: OutputKind
    classes: int
    training: Training

    @property
    def size(self) -> int:
        """Examples per batch; a data set smaller than a batch is one batch."""
        return min(self.training.batch_size, len(self.data.x_train))

    @property
    def per_epoch(self) -> int:
        """Batches per epoch; the rest that fills no batch is left to other epochs."""
        return len(self.data.x_train) // self.size

    def dataset(self, first_epoch: int, last_epoch: int) -> Any:
        """A tf.data.Dataset of (inputs, targets) for the epochs `first_epoch` to `last_epoch` - 1."""
        used, seed = self.per_epoch * self.size, self.training.seed
        count = len(self.data.x_train)

        def order(epoch: Any) -> Any:
            key = _tf.stack([_tf.constant(seed, _tf.int64), epoch])
            shuffled = _tf.random.experimental.stateless_shuffle(_tf.range(count), seed=key)
            return _tf.data.Dataset.from_tensor_slices(shuffled[:used])

        indices = _tf.data.Dataset.range(first_epoch, last_epoch).flat_map(order).batch(self.size, drop_remainder=True)
        first_step = first_epoch * self.per_epoch
        batches = indices.enumerate(first_step).map(self._batch(), num_parallel_calls=2, deterministic=True)
        return batches.prefetch(2)

    def _batch(self) -> Any:
        inputs, labels = _tf.constant(self.data.x_train), _tf.constant(self.data.y_train)
        scale, offset = self.data.scale, self.data.offset

        def make(step: Any, chosen: Any) -> tuple[Any, Any]:
            key = _tf.stack([_tf.constant(self.training.seed, _tf.int64), step])
            x = augment(_tf.gather(inputs, chosen), self.training, key)
            x = _tf.cast(x, _tf.float32) * scale + offset
            one_hot = _tf.one_hot(_tf.gather(labels, chosen), self.classes)
            if self.training.mixup:
                x, one_hot = mix(x, one_hot, self.training.mixup, key + 3)
            teacher = log_probabilities(self.teacher(x, training=False), self.kind)
            return x, _tf.concat([one_hot, teacher], axis=-1)

        return make


def batches_for(model: FloatModel, data: Dataset, training: Training) -> Batches:
    """The training batches of a model that is its own teacher."""
    kind = output_kind(model.model)
    return Batches(data, model.model, kind, 2 if kind is OutputKind.SIGMOID else model.classes, training)


def augment(images: Any, training: Training, key: Any) -> Any:
    """Flip half the images left to right and shift each by up to `training.shift` pixels, as asked for.

    Pixels that a shift brings in repeat the border.
    """
    if images.shape.rank != 4:
        return images
    count, height, width = images.shape[:3]
    if training.flip:
        chance = _tf.random.stateless_uniform([count, 1, 1, 1], key)
        images = _tf.where(chance < 0.5, _tf.reverse(images, [2]), images)
    if training.shift:
        for axis, length in ((1, height), (2, width)):
            by = _tf.random.stateless_uniform(
                [count, 1], key + axis, -training.shift, training.shift + 1, dtype=_tf.int32
            )
            where = _tf.clip_by_value(_tf.range(length)[None] + by, 0, length - 1)
            images = _tf.gather(images, where, axis=axis, batch_dims=1)
    return images


def mix(inputs: Any, one_hot: Any, most: float, key: Any) -> tuple[Any, Any]:
    """Blend each example, and its label, with another of the batch (mixup, arXiv 1710.09412).

    The other's share is uniform in 0 to `most`.  The teacher then judges inputs that are in no data set.
    """
    count = inputs.shape[0]
    share = _tf.random.stateless_uniform([count], key, 0.0, most)

    def blend(values: Any) -> Any:
        weight = _tf.reshape(share, [count] + [1] * (values.shape.rank - 1))
        return (1.0 - weight) * values + weight * _tf.reverse(values, [0])

    return blend(inputs), blend(one_hot)


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
