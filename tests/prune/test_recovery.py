"""Batches, augmentation and the distillation loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune import Training
from edgeprune.prune.training.augment import augment, draw_moves
from edgeprune.prune.training.batches import Batches
from edgeprune.prune.training.loss import OutputKind, distillation_loss, log_probabilities, output_kind

tf = tensorflow()


def batches(trained: FloatModel, data: Dataset, **change: Any) -> Batches:
    training = Training(**{"batch_size": 100, "flip": True, "shift": 1, **change})
    return Batches(data, trained.model, OutputKind.PROBABILITIES, 4, training)


def test_epochs_do_not_depend_on_where_a_run_began(trained: FloatModel, data: Dataset) -> None:
    made = batches(trained, data)
    assert made.per_epoch == 5
    whole, late = list(made.dataset(0, 3)), list(made.dataset(2, 3))
    assert (len(whole), len(late)) == (15, 5)
    for (x, y), (late_x, late_y) in zip(whole[10:], late, strict=True):
        np.testing.assert_array_equal(x, late_x)
        np.testing.assert_allclose(y, late_y, atol=1e-5)
    assert not np.array_equal(whole[0][0], whole[5][0])


def test_targets_are_labels_and_the_teachers_opinion(trained: FloatModel, data: Dataset) -> None:
    x, y = next(iter(batches(trained, data, flip=False).dataset(0, 1)))
    assert x.shape == (100, 8, 8, 1)
    assert 0 <= np.min(x) <= np.max(x) <= 1
    np.testing.assert_array_equal(np.sum(y[:, :4], axis=1), 1)
    np.testing.assert_allclose(np.exp(y[:, 4:]), trained.model.predict(x, verbose=0), atol=1e-5)
    assert np.mean(np.argmax(y[:, :4], 1) == np.argmax(y[:, 4:], 1)) > 0.7


def moved(images: Any, training: Training, key: Any) -> Any:
    return augment(images, draw_moves(len(images), training, key))


def test_augmentation_moves_pixels_and_changes_none() -> None:
    images = tf.constant(np.arange(2000 * 36).reshape(2000, 6, 6, 1))
    key = tf.constant([1, 2], tf.int64)
    assert np.array_equal(moved(images, Training(), key), images)
    flipped = np.asarray(moved(images, Training(flip=True), key))
    same = (flipped == np.asarray(images)).all((1, 2, 3))
    assert 0.4 < same.mean() < 0.6
    np.testing.assert_array_equal(flipped[~same], np.asarray(images)[~same][:, :, ::-1])
    shifted = np.asarray(moved(images, Training(shift=2), key)) - np.arange(2000)[:, None, None, None] * 36
    assert {int(v) for v in shifted[:, 3, 3, 0]} == {6 * row + column for row in range(1, 6) for column in range(1, 6)}
    assert shifted.min() == 0
    assert shifted.max() == 35


def test_the_teacher_judges_each_variant_once(trained: FloatModel, data: Dataset) -> None:
    made = batches(trained, data)
    list(made.dataset(0, 2))
    assert len(made._judged) == 2
    epochs = list(made.dataset(0, 10))
    assert len(made._judged) == 8
    for x, y in (epochs[0], epochs[-1]):
        np.testing.assert_allclose(np.exp(y[:, 4:]), trained.model.predict(x, verbose=0), atol=1e-5)


def test_loss_is_cross_entropy_without_the_teacher_and_divergence_with_it() -> None:
    rng = np.random.default_rng(0)
    student, teacher = (tf.nn.softmax(rng.normal(size=(8, 3))) for _ in range(2))
    labels = np.eye(3)[rng.integers(0, 3, 8)]
    targets = tf.concat([labels, tf.math.log(teacher)], -1)
    kind = OutputKind.PROBABILITIES
    hard = distillation_loss(kind, 3, 0.0, 2.0)(targets, student)
    np.testing.assert_allclose(hard, keras().losses.categorical_crossentropy(labels, student), rtol=1e-5)
    soft = distillation_loss(kind, 3, 1.0, 1.0)(targets, student)
    np.testing.assert_allclose(soft, keras().losses.kl_divergence(teacher, student), rtol=1e-4, atol=1e-6)
    agree = distillation_loss(kind, 3, 1.0, 3.0)(targets, teacher)
    np.testing.assert_allclose(agree, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("units", "activation", "kind"),
    [(3, "softmax", OutputKind.PROBABILITIES), (3, None, OutputKind.LOGITS), (1, "sigmoid", OutputKind.SIGMOID)],
)
def test_what_an_output_means(units: int, activation: str | None, kind: OutputKind) -> None:
    i = keras().Input((6,))
    model = keras().Model(i, keras().layers.Dense(units, activation=activation)(i))
    assert output_kind(model) is kind
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    total = np.exp(log_probabilities(model(x), kind)).sum(-1)
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_a_loss_of_nan_stays_nan() -> None:
    assert np.isnan(log_probabilities(tf.constant([[np.nan, 1.0]]), OutputKind.PROBABILITIES)).any()
