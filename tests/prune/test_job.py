"""Patterns one after the other, and their settings from plain values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeprune
from edgeprune.errors import RecipeError
from edgeprune.models import Dataset, FloatModel
from edgeprune.prune import Pattern, PruneReport, PruneResult, Step, Training, run_steps, steps_of

QUICK = {"gradual_epochs": 1, "recovery_epochs": 1, "batch_size": 64}


def test_two_patterns_and_one_account(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    result = edgeprune.prune(
        trained, data, method="channel+unstructured", fraction=0.3, sparsity=0.5, training=QUICK, work_dir=tmp_path
    )
    report = result.report
    assert result.method == "channel+unstructured"
    assert result.model.name == "blobs_channel_unstructured"
    assert report.parameters_before == trained.model.count_params()
    assert report.parameters_after == result.model.model.count_params() < report.parameters_before
    assert report.macs_after < report.macs_before
    assert report.zeros > 0.4  # depthwise kernels have none
    assert report.removed
    layer = next(layer for layer in report.layers if layer.name == "tail")
    assert layer.channels_after < layer.channels_before == 16
    assert layer.macs_after < layer.macs_before
    assert sum(layer.macs_before for layer in report.layers) == report.macs_before


@pytest.mark.parametrize("trains_anew", [False, True])
def test_later_patterns_learn_from_the_model_that_was_first_trained(
    trained: FloatModel, data: Dataset, tmp_path: Path, trains_anew: bool
) -> None:
    seen: list[tuple[str, str | None]] = []

    def pattern(name: str, anew: bool) -> Pattern:
        def run(model: FloatModel, *rest: Any) -> PruneResult:
            seen.append((model.name, rest[-1].name if rest[-1] else None))
            report = PruneReport((), (), 4, 4, 2, 2, 0.0, 0.0)
            return PruneResult(replace(model, name=name), name, report)

        return Pattern(name, "", Training, run, trains_anew=anew)

    steps = [Step(pattern("a", trains_anew), None), Step(pattern("b", False), None), Step(pattern("c", False), None)]
    result = run_steps(trained, data, steps, tmp_path)
    teacher = "a" if trains_anew else "blobs"
    assert seen == [("blobs", None), ("a", teacher), ("b", teacher)]
    assert (result.method, result.model.name) == ("a+b+c", "blobs_a_b_c")
    assert result.teacher is not None
    assert result.teacher.name == teacher


def test_shared_values_and_values_of_one_pattern() -> None:
    given: dict[str, Any] = {
        "macs_ratio": 3,
        "training": {"batch_size": 7},
        "unstructured": {"sparsity": 0.9, "training": {"batch_size": 9}},
    }
    channel, unstructured = (step.settings for step in steps_of("channel+unstructured", given, "here"))
    assert (channel.macs_ratio, channel.training.batch_size) == (3.0, 7)
    assert (unstructured.sparsity, unstructured.training.batch_size) == (0.9, 9)


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("nonsense", {}, "choose one of"),
        ("channel+", {}, "choose one of"),
        ("channel+channel", {}, "twice"),
        (7, {}, "choose one of"),
        ("channel", {"sparsity": 0.5}, "unknown key 'sparsity'"),
        ("channel+unstructured", {"sparsitty": 0.5}, "unknown key 'sparsitty'"),
        ("channel+unstructured", {"unstructured": {"sparsty": 1}}, "did you mean 'sparsity'"),
        ("unstructured", {"sparsity": 1.0}, "between 0 and 1"),
        ("unstructured", {"sparsity": "much"}, "not allowed"),
        ("unstructured", {"training": {"batch_size": 0}}, "at least 1"),
    ],
)
def test_values_that_cannot_work(method: object, given: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=r"^here: ") as caught:
        steps_of(method, given, "here")
    assert words in str(caught.value)


def test_files_work_as_well_as_objects(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    edgeprune.save_model(trained, tmp_path / "m.keras")
    np.savez(
        tmp_path / "d.npz",
        x_train=data.x_train[:64], y_train=data.y_train[:64], x_test=data.x_test, y_test=data.y_test, scale=1 / 255,
    )  # fmt: skip
    result = edgeprune.prune(str(tmp_path / "m.keras"), tmp_path / "d.npz", "unstructured", training=QUICK)
    assert result.report.zeros > 0.7  # depthwise kernels have none
