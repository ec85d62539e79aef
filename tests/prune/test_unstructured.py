"""Unstructured pruning reaches its sparsity, keeps the original, and continues after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.tensorflow import keras
from edgeprune.prune import Training, patterns
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
