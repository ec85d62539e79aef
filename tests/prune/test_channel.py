"""Channel pruning as a whole: budget, schedule, exactness, interruption, divergence."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeprune.errors import DataError, TrainingDiverged, UserError, VerificationError
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras
from edgeprune.prune import Allocation, ChannelPruning, Importance, Training, patterns, prune_channels
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.schedule import Schedule, Timing
from edgeprune.prune.channels.verify import verify_removal

QUICK = Training(gradual_epochs=2, recovery_epochs=3, batch_size=64, recovery_rate=2e-3, shift=1, flip=False)


class StopAt:
    """Progress that presses Ctrl-C when the n-th epoch of a task is done."""

    def __init__(self, task: str, epochs: int) -> None:
        self.task, self.epochs = task, epochs
        self.current, self.steps = "", 0
        self.done: list[tuple[str, int, str]] = []

    def start(self, task: str, total: int | None) -> None:
        self.current, self.steps = task, 0

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.steps += steps
        self.done.append((self.current, steps, note))
        if self.current == self.task and self.steps == self.epochs:
            raise KeyboardInterrupt

    def finish(self) -> None:
        self.current = ""


def test_the_whole_way(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    before = [w.copy() for w in trained.model.get_weights()]
    dense = evaluate(trained, data)
    result = prune_channels(trained, data, ChannelPruning(macs_ratio=2.5, training=QUICK), tmp_path)
    report = result.report
    assert dense > 0.9
    assert evaluate(result.model, data) > dense - 0.05
    assert report.macs_ratio >= 2.5
    assert result.model.model.count_params() == report.parameters_after < report.parameters_before
    assert sum(layer.macs_after for layer in report.layers) == report.macs_after
    assert {g.name for g in report.groups} == {"stem + branch", "tail", "classes"}
    assert report.removed
    assert all(g.after % 4 == 0 for g in report.removed)
    assert [g.name for g in report.kept] == ["classes"]
    for old, new in zip(before, trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_an_interrupted_run_continues_to_the_same_result(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    settings = ChannelPruning(fraction=0.4, training=QUICK)
    straight = prune_channels(trained, data, settings, tmp_path / "a")
    for task, epochs in (("prune channels", 1), ("fine-tune", 2)):
        with pytest.raises(KeyboardInterrupt):
            prune_channels(trained, data, settings, tmp_path / "b", StopAt(task, epochs))
    watch = StopAt("nothing", 0)
    continued = prune_channels(trained, data, settings, tmp_path / "b", watch)
    assert ("fine-tune", 2, "continued") in watch.done
    assert [task for task, _, note in watch.done if note != "continued"] == ["fine-tune"]
    for a, b in zip(straight.model.model.get_weights(), continued.model.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-3)


def test_another_setting_does_not_continue_a_foreign_run(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    short = replace(QUICK, gradual_epochs=1, recovery_epochs=1)
    prune_channels(trained, data, ChannelPruning(fraction=0.4, training=short), tmp_path)
    watch = StopAt("nothing", 0)
    prune_channels(trained, data, ChannelPruning(fraction=0.5, training=short), tmp_path, watch)
    assert all(note != "continued" for _, _, note in watch.done)


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    trained: FloatModel, data: Dataset, tmp_path: Path
) -> None:
    spoilt = Dataset(np.full(data.x_train.shape, np.nan, np.float32), data.y_train, data.x_test, data.y_test)
    settings = ChannelPruning(fraction=0.4, training=QUICK)
    with pytest.raises(TrainingDiverged, match=r"no epoch was completed.*lower the learning rate"):
        prune_channels(trained, spoilt, settings, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        prune_channels(trained, data, settings, tmp_path, StopAt("fine-tune", 1))
    explosive = Training(gradual_epochs=3, recovery_epochs=1, batch_size=64, gradual_rate=1e30)
    with pytest.raises(TrainingDiverged, match="became"):
        prune_channels(trained, data, ChannelPruning(fraction=0.4, training=explosive), tmp_path)
    assert list(tmp_path.glob("channel-*/recovery/ckpt-1.index"))


def test_masks_reach_the_target_whatever_the_number_of_steps(trained: FloatModel, data: Dataset) -> None:
    from edgeprune.prune.channels.masks import GroupMasks, sizes_at, wrap_channels
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.wrappers import strip

    structure = analyse(trained.model)
    final = tuple(group.size // 3 for group in structure.removable)
    full = tuple(group.size for group in structure.removable)
    assert sizes_at(full, final, 0.0) == full
    assert sizes_at(full, final, 1.0) == final
    wrapped = wrap_channels(trained.model, structure)
    wrapped.compile("adam", "sparse_categorical_crossentropy")
    batches = batches_for(trained, data, QUICK)
    masks = GroupMasks(structure, final, Importance.L1, Schedule(Timing.GRADUAL, 1000), batches)
    wrapped.fit(data.train_inputs()[:192], data.y_train[:192], batch_size=64, epochs=1, verbose=0, callbacks=[masks])
    kept = [int(np.count_nonzero(masks.keep[group.channels])) for group in structure.removable]
    assert tuple(kept) == final
    tail = strip(wrapped).get_layer("tail").get_weights()[0]
    alive_out = np.count_nonzero(np.abs(tail).sum((0, 1, 2)))
    alive_in = np.count_nonzero(np.abs(tail).sum((0, 1, 3)))
    assert (alive_in, alive_out) == (4, 5)


@pytest.mark.parametrize(
    ("importance", "timing"),
    [
        (Importance.GAMMA, Timing.ITERATIVE),
        (Importance.TAYLOR, Timing.ITERATIVE),
        (Importance.FPGM, Timing.ONE_SHOT),
    ],
    ids=lambda v: v.value,
)
def test_removed_channels_never_come_back(
    trained: FloatModel, data: Dataset, importance: Importance, timing: Timing
) -> None:
    from edgeprune.prune.channels.masks import GroupMasks, wrap_channels
    from edgeprune.prune.training.batches import batches_for

    structure = analyse(trained.model)
    final = tuple(group.size // 2 for group in structure.removable)
    seen: list[np.ndarray] = []

    class Watched(GroupMasks):
        def _update(self, share: float | None) -> None:
            super()._update(share)
            seen.append(self.keep)

    wrapped = wrap_channels(trained.model, structure)
    wrapped.compile("adam", "sparse_categorical_crossentropy")
    masks = Watched(structure, final, importance, Schedule(timing, 6, 2), batches_for(trained, data, QUICK))
    wrapped.fit(data.train_inputs()[:384], data.y_train[:384], batch_size=64, epochs=1, verbose=0, callbacks=[masks])
    counts = [int(keep.sum()) for keep in seen]
    assert len(set(counts)) == (1 if timing is Timing.ONE_SHOT else 2)
    assert all(not np.any(later & ~earlier) for earlier, later in itertools.pairwise(seen))
    kept = [int(np.count_nonzero(seen[-1][group.channels])) for group in structure.removable]
    assert tuple(kept) == final


def test_budget_out_of_reach(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"1000 times fewer.*out of reach.*of 39,168 are left.*times cheaper"):
        prune_channels(trained, data, ChannelPruning(macs_ratio=1000.0), tmp_path)


def test_a_model_without_removable_channels(data: Dataset, tmp_path: Path) -> None:
    k = keras()
    i = k.Input((8, 8, 1))
    model = FloatModel(k.Model(i, k.layers.Dense(4)(k.layers.Flatten()(i))), "flat", Path("flat.keras"))
    with pytest.raises(UserError, match=r"no channel can be removed \(dense.*output"):
        prune_channels(model, data, ChannelPruning(), tmp_path)


def test_data_that_does_not_fit(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    wrong = Dataset(data.x_train[:, :4], data.y_train, data.x_test[:, :4], data.y_test)
    with pytest.raises(DataError, match=r"\[4, 8, 1\].*\[8, 8, 1\]"):
        prune_channels(trained, wrong, ChannelPruning(), tmp_path)


def test_verification_finds_a_changed_weight(trained: FloatModel) -> None:
    other = clone(trained.model)
    assert verify_removal(trained.model, other) == 0.0
    weights = other.get_weights()
    weights[0] = weights[0] * 1.01
    other.set_weights(weights)
    with pytest.raises(VerificationError, match="differs by"):
        verify_removal(trained.model, other)


@pytest.mark.parametrize("ending", ["dense", "activation", "softmax"])
def test_verification_looks_behind_a_saturated_output(ending: str) -> None:
    layers = keras().layers
    i = keras().Input((6,))
    x = layers.Dense(3, activation="softmax" if ending == "dense" else None)(i)
    x = {"dense": lambda t: t, "activation": layers.Activation("softmax"), "softmax": layers.Softmax()}[ending](x)
    model = keras().Model(i, x)
    bias = np.array([1e4, 0, 0], np.float32)
    model.set_weights([model.get_weights()[0], bias])
    other = clone(model)
    other.set_weights([model.get_weights()[0], bias + np.array([0, 30, 0], np.float32)])
    feed = np.ones((1, 6), np.float32)
    np.testing.assert_array_equal(model(feed), other(feed))
    with pytest.raises(VerificationError):
        verify_removal(model, other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"macs_ratio": 2.0, "fraction": 0.5},
        {"macs_ratio": 0.5},
        {"fraction": 1.0},
        {"fraction": 0.5, "budget": ("macs/2",)},
        {"fraction": 0.5, "allocation": Allocation.COST},
        {"multiple": 0},
        {"minimum": 0},
        {"rounds": 0},
        {"budget": ("macs",)},
        {"budget": ("macs/0.5",)},
        {"budget": ("watts/2",)},
        {"budget": ("sram=3 parsecs",)},
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError):
        ChannelPruning(**wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "wrong",
    [{"gradual_epochs": 0}, {"gradual_rate": 0.0}, {"distillation": 1.5}, {"temperature": 0.0}, {"batch_size": 0}],
)
def test_training_settings_that_cannot_work(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError):
        Training(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_patterns_are_found_by_scanning() -> None:
    found = patterns()
    assert found["channel"].run is prune_channels
    assert all(name == pattern.name and pattern.settings() is not None for name, pattern in found.items())
