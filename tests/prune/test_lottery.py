"""Lottery tickets: how much goes when, what rounds rewind to, and what interruption changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras
from edgeprune.prune import Training, patterns
from edgeprune.prune.methods import lottery
from edgeprune.prune.methods.lottery import LotteryPruning, find_ticket
from edgeprune.prune.policy import LayerRule
from edgeprune.prune.weights.tickets import drawn, output_layers, rounds_for, rounds_to, with_final


def small() -> FloatModel:
    layers = keras().layers
    i = keras().Input((8, 8, 1), name="image")
    x = layers.Conv2D(8, 3, strides=2, use_bias=False, name="stem")(i)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="bn")(x))
    x = layers.Dense(16, activation="relu", name="hidden")(layers.Flatten(name="flat")(x))
    model = keras().Model(i, layers.Dense(4, activation="softmax", name="classes")(x), name="small")
    return FloatModel(model, "small", Path("small.keras"))


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=4),
    st.floats(0.05, 0.5),
    st.floats(0.05, 0.99),
)
def test_the_fewest_rounds_reach_the_sparsity(sizes: list[int], share: float, sparsity: float) -> None:
    speeds = [1.0] * (len(sizes) - 1) + [0.5]
    rounds = rounds_for(sizes, speeds, share, sparsity)
    assert max(rounds.shares) <= share
    assert rounds.remaining(sizes, rounds.count) == pytest.approx(1 - sparsity, abs=1e-6)
    most = rounds_to(share, speeds, rounds.count - 1)
    assert rounds.count == 1 or most.remaining(sizes, most.count) > 1 - sparsity


def test_the_papers_rounds() -> None:
    rounds = rounds_to(0.2, [1.0, 1.0, 0.5], 9)
    assert 1 - rounds.zeros(0, 9) == pytest.approx(0.8**9)
    assert 1 - rounds.zeros(2, 9) == pytest.approx(0.9**9)
    assert with_final(rounds, 1, 0.5).zeros(1, 9) == pytest.approx(0.5)
    assert with_final(rounds, 1, 0.5).shares[0] == 0.2


def test_drawn_weights_come_from_the_initialisers_and_the_seed(trained: FloatModel) -> None:
    first, same, other = (drawn(trained.model, seed) for seed in (5, 5, 6))
    for layer in first.layers:
        for a, b in zip(layer.get_weights(), same.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    kernels = [model.get_layer("tail").get_weights()[0] for model in (first, other, trained.model)]
    assert not np.array_equal(kernels[0], kernels[1])
    limit = np.sqrt(6 / (9 * 12 + 9 * 16))
    assert 0.95 * limit < np.abs(kernels[0]).max() <= limit
    np.testing.assert_array_equal(first.get_layer("bn").get_weights()[2], 0)
    assert np.any(trained.model.get_layer("bn").get_weights()[2] != 0)
    different = [w for layer in first.layers for w in layer.get_weights() if w.ndim == 4]
    assert len({w.ravel()[0] for w in different}) == len(different)


def test_layers_that_only_hold_statistics_keep_them() -> None:
    normal = keras().layers.Normalization(mean=2.0, variance=4.0)
    adapted = keras().layers.Normalization()
    adapted.adapt(np.array([[1.0], [5.0]]))
    i = keras().Input((1,))
    model = keras().Model(i, keras().layers.Dense(2)(adapted(normal(i))))
    inner = keras().Model(i, adapted(normal(i)))
    fresh = drawn(model, 1)
    x = np.array([[3.0], [9.0]], np.float32)
    np.testing.assert_allclose(keras().Model(fresh.input, fresh.layers[-2].output)(x), inner(x))


def test_output_layers_are_those_next_to_the_outputs() -> None:
    layers = keras().layers
    i = keras().Input((8,))
    x = layers.Dense(8, name="first")(i)
    a = layers.Softmax()(layers.Dense(2, name="left")(x))
    b = layers.Dense(3, name="right")(layers.Dense(4, name="inner")(x))
    holders = frozenset({"first", "left", "right", "inner"})
    assert output_layers(keras().Model(i, [a, b]), holders) == {"left", "right"}


def test_a_ticket_keeps_its_zeros_and_learns(data: Dataset, tmp_path: Path) -> None:
    model = small()
    before = [w.copy() for w in model.model.get_weights()]
    training = Training(batch_size=64, distillation=0.9)
    settings = LotteryPruning(
        sparsity=0.5, share=0.6, epochs=6, learning_rate=6e-3, training=training, layers=(LayerRule("stem", 0.3),)
    )
    result = find_ticket(model, data, settings, tmp_path)
    ticket = result.model.model
    zeros = {
        name: float(np.mean(ticket.get_layer(name).get_weights()[0] == 0)) for name in ("stem", "hidden", "classes")
    }
    assert zeros["stem"] == pytest.approx(0.3, abs=1 / 72)
    assert zeros["hidden"] >= 0.5 > zeros["classes"] > 0.2
    assert [kernel.zeros for kernel in result.report.kernels] == list(zeros.values())
    assert evaluate(result.model, data) > 0.6
    for old, new in zip(before, model.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def begun(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, work: Path, settings: LotteryPruning, model: FloatModel
) -> list:
    """The models that each round began with, in a search whose trainings do happen."""
    seen, train = [], lottery._Search._train

    def spy(self, begin, masks, done, rounds):
        seen.append((clone(begin), masks))
        return train(self, begin, masks, done, rounds)

    monkeypatch.setattr(lottery._Search, "_train", spy)
    find_ticket(model, data, settings, work)
    return seen


def test_rounds_rewind_and_masks_only_shrink(monkeypatch: pytest.MonkeyPatch, data: Dataset, tmp_path: Path) -> None:
    model = small()
    kernel, *rest = model.model.get_layer("hidden").get_weights()
    kernel[:10] = 0
    model.model.get_layer("hidden").set_weights([kernel, *rest])
    training = Training(batch_size=256)
    stem = model.model.get_layer("stem")
    stem.set_weights([np.where(np.arange(8) < 3, 0, stem.get_weights()[0])])
    settings = LotteryPruning(
        rounds=2,
        share=0.3,
        epochs=1,
        given_weights=True,
        rewind_step=1,
        training=training,
        layers=(LayerRule("stem", "skip"),),
    )
    first, second, third = begun(monkeypatch, data, tmp_path, settings, model)
    np.testing.assert_array_equal(first[0].get_weights()[0], model.model.get_weights()[0])
    assert not np.array_equal(first[0].get_weights()[0], second[0].get_weights()[0])
    for a, b in zip(second[0].get_weights(), third[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for key in first[1]:
        assert np.all(first[1][key] >= second[1][key])
        assert np.all(second[1][key] >= third[1][key])
    assert not first[1]["hidden", 0][:10].any()
    for _, masks in (first, second, third):  # a layer that is left out keeps its zeros, and gets no others
        np.testing.assert_array_equal(masks["stem", 0], stem.get_weights()[0] != 0)
    again = begun(monkeypatch, data, tmp_path, settings, model)  # all rounds are there already
    np.testing.assert_array_equal(again[2][0].get_weights()[0], third[0].get_weights()[0])


def test_the_control_has_the_mask_and_other_weights(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, tmp_path: Path
) -> None:
    settings = LotteryPruning(rounds=1, epochs=1, reinitialise=True, training=Training(batch_size=256))
    first, control = begun(monkeypatch, data, tmp_path, settings, small())
    assert not np.array_equal(first[0].get_weights()[0], control[0].get_weights()[0])
    assert 0.15 < 1 - control[1]["hidden", 0].mean() < 0.25


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sparsity": 0.5, "rounds": 2}, "both"),
        ({"sparsity": 1.0}, "sparsity"),
        ({"share": 0.0}, "share"),
        ({"rounds": 0}, "rounds"),
        ({"epochs": 0}, "epochs"),
        ({"rewind_step": -1}, "rewind_step"),
        ({"learning_rate": 0.0}, "learning rate"),
    ],
)
def test_settings_that_cannot_work(wrong: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        LotteryPruning(**wrong)


def test_a_step_that_training_never_reaches(data: Dataset, tmp_path: Path) -> None:
    assert patterns()["lottery"].run is find_ticket
    with pytest.raises(UserError, match="comes after the 8 steps"):
        find_ticket(small(), data, LotteryPruning(epochs=1, rewind_step=8, training=Training(batch_size=64)), tmp_path)
