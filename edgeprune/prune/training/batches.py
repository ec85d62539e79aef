"""The training data as batches that depend on seed and step alone, with the teacher's outputs as targets."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeprune.models.dataset import Dataset, Floats, Labels
from edgeprune.models.loader import FloatModel
from edgeprune.models.tensorflow import tensorflow
from edgeprune.prune.settings import Training
from edgeprune.prune.training.augment import augment, draw_moves
from edgeprune.prune.training.loss import OutputKind, log_probabilities, output_kind

_tf = tensorflow()
_VARIANTS = 8  # draws of the augmentation; more cost the teacher's time and gain nothing measurable
_JUDGED = 512  # examples that the teacher judges at once


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
        return min(self.training.batch_size, len(self._trained_on))

    @property
    def per_epoch(self) -> int:
        """Batches per epoch; the rest that fills no batch is left to other epochs."""
        return len(self._trained_on) // self.size

    @functools.cached_property
    def _split(self) -> tuple[Labels, Labels]:
        """Numbers of the examples that are trained on, and of those held out."""
        count = len(self.data.x_train)
        held = min(round(self.training.held_out * count), count - 1)
        if not held:
            return np.arange(count), np.arange(0)
        order = np.random.default_rng(self.training.seed).permutation(count)
        return np.sort(order[held:]), np.sort(order[:held])

    @property
    def _trained_on(self) -> Labels:
        return self._split[0]

    def held_out(self) -> tuple[Floats, Labels]:
        """Real-valued inputs and class numbers of the examples that are not trained on."""
        _, held = self._split
        return self.data.real(self.data.x_train[held]), self.data.y_train[held]

    def inputs(self, batches: int) -> Iterator[Any]:
        """Real-valued inputs of the first epoch's batches, again from the start where more are asked for."""
        order = self._order(_tf.constant(0, _tf.int64))
        for number in range(batches):
            yield self._inputs(0, order[number % self.per_epoch])

    def _order(self, epoch: Any) -> Any:
        """Numbers of an epoch's examples, int64 [batches, size], a pure function of seed and epoch."""
        key = _tf.stack([_tf.constant(self.training.seed, _tf.int64), epoch])
        order = _tf.random.experimental.stateless_shuffle(_tf.constant(self._trained_on), seed=key)
        return _tf.reshape(order[: self.per_epoch * self.size], [self.per_epoch, self.size])

    @functools.cached_property
    def _variants(self) -> int:
        """Different draws of the augmentation; 1 where there is none."""
        return _VARIANTS if self.training.flip or self.training.shift else 1

    def dataset(self, first_epoch: int, last_epoch: int) -> Any:
        """A tf.data.Dataset of (inputs, targets) for the epochs `first_epoch` to `last_epoch` - 1.

        Targets are labels one-hot, followed by the teacher's log-probabilities where it has a share.
        """
        distilled = self.training.distillation > 0
        teacher = self._teacher(min(self._variants, last_epoch)) if distilled else None
        labels = _tf.one_hot(self.data.y_train, self.classes)

        def batches(epoch: Any) -> Any:
            variant = epoch % self._variants
            return _tf.data.Dataset.from_tensor_slices(self._order(epoch)).map(lambda examples: (variant, examples))

        def make(variant: Any, examples: Any) -> tuple[Any, Any]:
            targets = [_tf.gather(labels, examples)]
            if teacher is not None:
                targets.append(_tf.gather(teacher[variant], examples))
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
