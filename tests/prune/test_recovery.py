"""Batches, augmentation and the distillation loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.progress import SILENT, Progress
from edgeprune.prune import Training
from edgeprune.prune.training.augment import augment, draw_moves
from edgeprune.prune.training.batches import Batches
from edgeprune.prune.training.fit import fit
from edgeprune.prune.training.loss import (
    OutputKind,
    cross_entropy,
    distillation_loss,
    log_probabilities,
    output_kind,
)
from edgeprune.prune.training.recalibrate import recalibrate

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


def test_without_a_share_the_teacher_never_runs(data: Dataset) -> None:
    def teacher(*_: Any, **__: Any) -> None:
        raise AssertionError

    training = Training(batch_size=100, distillation=0.0)
    _, y = next(iter(Batches(data, teacher, OutputKind.PROBABILITIES, 4, training).dataset(0, 1)))
    assert y.shape == (100, 4)
    outputs = tf.nn.softmax(np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32))
    loss = distillation_loss(OutputKind.PROBABILITIES, 4, 0.0, 4.0)(y, outputs)
    np.testing.assert_allclose(loss, keras().losses.categorical_crossentropy(y, outputs), rtol=1e-5)


def test_held_out_examples_are_never_trained_on(trained: FloatModel, data: Dataset) -> None:
    numbered = Dataset(np.arange(512, dtype=np.float32)[:, None], data.y_train, data.x_test, data.y_test)
    training = Training(batch_size=50, distillation=0.0, held_out=0.25)
    made = Batches(numbered, None, OutputKind.PROBABILITIES, 4, training)
    seen = {int(n) for x, _ in made.dataset(0, 4) for n in np.ravel(x)}
    held, classes = made.held_out()
    assert len(held) == 128
    assert not seen & {int(n) for n in held[:, 0]}
    np.testing.assert_array_equal(classes, data.y_train[held[:, 0].astype(int)])
    assert len(seen) == 384


def quick_fit(model: FloatModel, data: Dataset, folder: Path, progress: Progress = SILENT, **change: Any) -> Any:
    short = {"batch_size": 128, "held_out": 0.25, "patience": 2, "distillation": 0.0, "recalibration": 0}
    training = Training(**{**short, **change})
    student = clone(model.model)
    made = Batches(data, None, OutputKind.PROBABILITIES, 4, training)
    fit("try", student, made, 6, 0.3, folder, progress, keep_best=True)
    return student


def test_patience_ends_training_and_the_best_epoch_stays(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    """A rate that is far too high makes every epoch worse than some earlier one."""
    watch = Notes()
    student = quick_fit(trained, data, tmp_path, watch)
    epochs = len(watch.notes)
    assert epochs < 6
    reader = tf.train.load_checkpoint(str(tmp_path))
    best = int(reader.get_tensor("best_epoch/.ATTRIBUTES/VARIABLE_VALUE"))
    assert epochs == best + 2
    assert list(tmp_path.glob(f"best/ckpt-{best}.index"))
    weights = Batches(data, None, OutputKind.PROBABILITIES, 4, Training(held_out=0.25)).held_out()
    loss = cross_entropy(OutputKind.PROBABILITIES, student.predict(weights[0], verbose=0), weights[1])
    assert loss == pytest.approx(float(reader.get_tensor("best_loss/.ATTRIBUTES/VARIABLE_VALUE")), rel=1e-4)
    again = Notes()
    same = quick_fit(trained, data, tmp_path, again)
    assert again.notes == ["continued"]
    for a, b in zip(student.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Notes:
    """Progress that keeps the notes of its epochs."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def start(self, task: str, total: int | None) -> None:
        pass

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.notes.append(note)

    def finish(self) -> None:
        pass


@pytest.mark.parametrize("damage", ["list", "newest", "all", "foreign"])
def test_damaged_checkpoints_are_passed_over(trained: FloatModel, data: Dataset, tmp_path: Path, damage: str) -> None:
    settings = {"held_out": 0.0, "batch_size": 256}
    if damage == "foreign":
        i = keras().Input((3,))
        other = keras().Model(i, keras().layers.Dense(4)(i))
        tf.train.CheckpointManager(tf.train.Checkpoint(model=other), str(tmp_path), 1).save()
    else:
        quick_fit(trained, data, tmp_path, **settings)
        if damage == "list":
            (tmp_path / "checkpoint").write_bytes(b"\xff model: what {")
        for file in tmp_path.glob("ckpt-6.data*" if damage == "newest" else "ckpt-*.data*"):
            if damage != "list":
                file.write_bytes(file.read_bytes()[:100])
    watch = Notes()
    quick_fit(trained, data, tmp_path, watch, **settings)
    assert watch.notes[0].startswith("not continued: ") or damage == "newest"
    assert len([note for note in watch.notes if note.startswith("loss")]) == (1 if damage == "newest" else 6)


def test_a_folder_that_cannot_be(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="checkpoints cannot be written"):
        quick_fit(trained, data, tmp_path / "file" / "folder")


def test_recalibration_makes_statistics_plain_averages(data: Dataset) -> None:
    layers = keras().layers
    i = keras().Input((8, 8, 1))
    noisy = layers.Dropout(0.5)(i)
    frozen = layers.BatchNormalization(name="frozen", trainable=False)(noisy)
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(3, 1, name="conv")(frozen))
    model = keras().Model(i, layers.GlobalAveragePooling2D()(x))
    made = Batches(data, None, OutputKind.LOGITS, 3, Training(batch_size=128, recalibration=4))
    before = {w.name: w.numpy() for w in model.weights}
    recalibrate(model, made)
    values = np.asarray(keras().Model(i, model.get_layer("conv").output)(data.train_inputs()))
    bn = model.get_layer("bn")
    np.testing.assert_allclose(bn.moving_mean, values.mean((0, 1, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(bn.moving_variance, values.var((0, 1, 2)), rtol=0.02)
    assert bn.momentum == 0.99
    for weight in model.weights:
        if "bn/moving" not in weight.name:
            np.testing.assert_array_equal(weight, before[weight.name])


def test_a_training_too_short_for_moving_averages_ends_with_plain_ones(
    trained: FloatModel, data: Dataset, tmp_path: Path
) -> None:
    student = quick_fit(trained, data, tmp_path, held_out=0.0, recalibration=4)
    values = np.asarray(keras().Model(student.input, student.get_layer("stem").output)(data.train_inputs()))
    np.testing.assert_allclose(student.get_layer("bn").moving_mean, values.mean((0, 1, 2)), rtol=1e-3, atol=1e-4)


def test_a_loss_of_nan_stays_nan() -> None:
    assert np.isnan(log_probabilities(tf.constant([[np.nan, 1.0]]), OutputKind.PROBABILITIES)).any()
