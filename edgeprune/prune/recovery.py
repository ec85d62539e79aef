"""Training on a small data set with the dense model as the teacher, safe to interrupt.

Each batch is a pure function of the seed and the step, and each epoch ends in a
checkpoint of weights and optimizer: a run that was interrupted continues as if it had
not been.  Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

import enum
import functools
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
_VARIANTS = 8  # draws of the augmentation; more cost the teacher's time and gain nothing measurable
_JUDGED = 512  # examples that the teacher judges at once
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

    Augmentation draws each example in a few variants that repeat from epoch to epoch, so
    the teacher judges each once and not in every epoch.

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

    @functools.cached_property
    def _variants(self) -> int:
        """Different draws of the augmentation; 1 where there is none."""
        return _VARIANTS if self.training.flip or self.training.shift else 1

    def dataset(self, first_epoch: int, last_epoch: int) -> Any:
        """A tf.data.Dataset of (inputs, targets) for the epochs `first_epoch` to `last_epoch` - 1."""
        used, count, size = self.per_epoch * self.size, len(self.data.x_train), self.size
        teacher = self._teacher(min(self._variants, last_epoch))
        labels = _tf.one_hot(self.data.y_train, self.classes)

        def batches(epoch: Any) -> Any:
            key = _tf.stack([_tf.constant(self.training.seed, _tf.int64), epoch])
            order = _tf.random.experimental.stateless_shuffle(_tf.range(count), seed=key)[:used]
            variant = epoch % self._variants
            chosen = _tf.data.Dataset.from_tensor_slices(_tf.reshape(order, [-1, size]))
            return chosen.map(lambda examples: (variant, examples))

        def make(variant: Any, examples: Any) -> tuple[Any, Any]:
            targets = [_tf.gather(labels, examples), _tf.gather(teacher[variant], examples)]
            return self._inputs(variant, examples), _tf.concat(targets, axis=-1)

        indices = _tf.data.Dataset.range(first_epoch, last_epoch).flat_map(batches)
        return indices.map(make, num_parallel_calls=2, deterministic=True).prefetch(2)

    @functools.cached_property
    def _stored(self) -> Any:
        with _tf.init_scope():  # whatever function is being traced, the constant outlives it
            return _tf.constant(self.data.x_train)

    def _inputs(self, variant: Any, examples: Any) -> Any:
        """Augmented inputs as the model takes them: the same for equal variant and example."""
        key = _tf.stack([_tf.constant(self.training.seed, _tf.int64), _tf.cast(variant, _tf.int64)])
        moves = draw_moves(len(self.data.x_train), self.training, key)
        x = augment(_tf.gather(self._stored, examples), moves.of(examples))
        return _tf.cast(x, _tf.float32) * self.data.scale + self.data.offset

    def _teacher(self, variants: int) -> Any:
        """The teacher's log-probabilities, float32 [variants, N, classes]."""

        @_tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
        def judge(variant: Any, examples: Any) -> Any:
            return log_probabilities(self.teacher(self._inputs(variant, examples), training=False), self.kind)

        everything = _tf.range(len(self.data.x_train))
        pieces = [everything[start : start + _JUDGED] for start in range(0, len(self.data.x_train), _JUDGED)]
        for variant in range(len(self._judged), variants):
            number = _tf.constant(variant, _tf.int64)
            self._judged.append(_tf.concat([judge(number, piece) for piece in pieces], 0))
        return _tf.stack(self._judged[:variants])

    @functools.cached_property
    def _judged(self) -> list[Any]:
        """The teacher's log-probabilities [N, classes] of the variants that were needed so far."""
        return []


def batches_for(model: FloatModel, data: Dataset, training: Training) -> Batches:
    """The training batches of a model that is its own teacher."""
    kind = output_kind(model.model)
    return Batches(data, model.model, kind, 2 if kind is OutputKind.SIGMOID else model.classes, training)


@dataclass(frozen=True, eq=False)
class Moves:
    """What augmentation does to each image: flip it or not, and shift it by some pixels.

    Attributes:
        flip: bool [N], or None for no flips.
        down, right: int32 [N], or None for no shifts.
    """

    flip: Any
    down: Any
    right: Any

    def of(self, examples: Any) -> Moves:
        """The moves of some of the images."""
        return Moves(*(None if m is None else _tf.gather(m, examples) for m in (self.flip, self.down, self.right)))


def draw_moves(count: int, training: Training, key: Any) -> Moves:
    """Moves of `count` images, a pure function of `key` (int64 [2])."""
    flip = _tf.random.stateless_uniform([count], key) < 0.5 if training.flip else None
    if not training.shift:
        return Moves(flip, None, None)
    low, high = -training.shift, training.shift + 1
    down, right = (_tf.random.stateless_uniform([count], key + axis, low, high, dtype=_tf.int32) for axis in (1, 2))
    return Moves(flip, down, right)


def augment(images: Any, moves: Moves) -> Any:
    """Flip images left to right and shift them; inputs that are no images [N, H, W, C] stay as they are.

    Pixels that a shift brings in repeat the border.
    """
    if images.shape.rank != 4:
        return images
    if moves.flip is not None:
        images = _tf.where(moves.flip[:, None, None, None], _tf.reverse(images, [2]), images)
    for axis, by in ((1, moves.down), (2, moves.right)):
        if by is not None:
            length = images.shape[axis]
            where = _tf.clip_by_value(_tf.range(length)[None] + by[:, None], 0, length - 1)
            images = _tf.gather(images, where, axis=axis, batch_dims=1)
    return images


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
