"""Unstructured pruning reaches its sparsity, keeps the original, and continues after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.tensorflow import keras
from edgeprune.prune import Training, patterns
from edgeprune.prune.methods.nm import NOfMPruning, prune_n_of_m
from edgeprune.prune.methods.unstructured import UnstructuredPruning, prune_unstructured


def test_the_target_is_reached_whatever_the_frequency(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    before = [w.copy() for w in trained.model.get_weights()]
    training = Training(gradual_epochs=2, recovery_epochs=2, batch_size=64, recovery_rate=2e-3)
    result = prune_unstructured(trained, data, UnstructuredPruning(0.7, 7, training), tmp_path)
    model = result.model.model
    for name in ("stem", "branch", "tail", "classes"):
        kernel = model.get_layer(name).get_weights()[0]
        assert abs(np.mean(kernel == 0) - 0.7 - 0.5 / kernel.size) <= 0.5 / kernel.size + 1e-9
    assert np.count_nonzero(model.get_layer("dw").get_weights()[0] == 0) == 0
    assert evaluate(result.model, data) > evaluate(trained, data) - 0.1
    assert result.report.zeros == pytest.approx(0.7, abs=0.05)
    assert result.report.macs_after == result.report.macs_before
    for old, new in zip(before, trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class Interrupted(Exception):
    pass


class StopsAfter:
    """Progress that ends the job after some epochs, as a power cut would."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def start(self, task: str, total: int | None) -> None:
        pass

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.left -= 1
        if not self.left:
            raise Interrupted

    def finish(self) -> None:
        pass


def test_masks_continue_after_an_interruption(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    settings = NOfMPruning("1:4", 6, Training(gradual_epochs=2, recovery_epochs=1, batch_size=64))
    whole = prune_n_of_m(trained, data, settings, tmp_path / "whole")
    with pytest.raises(Interrupted):
        prune_n_of_m(trained, data, settings, tmp_path / "halves", StopsAfter(1))
    halves = prune_n_of_m(trained, data, settings, tmp_path / "halves")
    assert halves.report == whole.report
    for one, other in zip(whole.model.model.get_weights(), halves.model.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one == 0, other == 0)
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_nothing_to_mask(data: Dataset, tmp_path: Path) -> None:
    i = keras().Input((8, 8, 1))
    flat = keras().layers.GlobalAveragePooling2D()(keras().layers.DepthwiseConv2D(3, depth_multiplier=4)(i))
    with pytest.raises(UserError, match="no layer has a kernel"):
        prune_unstructured(FloatModel(keras().Model(i, flat), "m", Path("m")), data, UnstructuredPruning(), tmp_path)


def test_settings_and_scanning() -> None:
    assert patterns()["unstructured"].run is prune_unstructured
    for wrong in (0.0, 1.0):
        with pytest.raises(UserError, match="sparsity"):
            UnstructuredPruning(sparsity=wrong)
    with pytest.raises(UserError, match="updates"):
        UnstructuredPruning(updates=0)
