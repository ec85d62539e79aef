"""Clustering leaves few values per kernel, keeps zeros, and starts from what k-means finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.functional import clone
from edgeprune.prune import Training, patterns
from edgeprune.prune.methods.cluster import Clustering, cluster_weights
from edgeprune.prune.policy import LayerRule
from edgeprune.prune.weights.sharing import Sharing, Start, shared


@pytest.mark.parametrize("start", list(Start))
def test_shared_values_are_near_and_few(start: Start) -> None:
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(40, 50)).astype(np.float32)
    kernel[rng.random(kernel.shape) < 0.6] = 0
    rule = Sharing(16, start)
    numbers = rule.assign(kernel)
    result = shared(kernel, numbers)
    assert len(np.unique(result)) <= 16
    np.testing.assert_array_equal(result == 0, kernel == 0)
    centres = np.unique(result[result != 0])
    nearest = centres[np.argmin(np.abs(kernel[..., None] - centres), -1)]
    error, least = (np.square(r - kernel)[kernel != 0].sum() for r in (result, nearest))
    assert error <= 1.02 * least  # k-means has settled
    assert error < 0.02 * np.square(kernel).sum()
    np.testing.assert_array_equal(rule.assign(kernel), numbers)


def test_few_values_stay_as_they_are() -> None:
    kernel = np.array([[0.5, -1.0, 0.5], [2.0, -1.0, 0.5]], np.float32)
    np.testing.assert_array_equal(shared(kernel, Sharing(3).assign(kernel)), kernel)
    kernel[0, 0] = 0
    assert len(np.unique(shared(kernel, Sharing(3).assign(kernel)))) <= 3


def test_clusters_of_a_sparse_model(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    sparse = clone(trained.model)
    kernel, bias = sparse.get_layer("tail").get_weights()
    gone = np.random.default_rng(0).random(kernel.shape) < 0.5
    sparse.get_layer("tail").set_weights([kernel * ~gone, bias])
    training = Training(recovery_epochs=3, batch_size=64, recovery_rate=2e-3)
    settings = Clustering(16, training=training, layers=(LayerRule("classes", 5), LayerRule("stem", "skip")))
    model = FloatModel(sparse, "sparse", Path("m"))
    result = cluster_weights(model, data, settings, tmp_path, teacher=trained)
    values = {k.layer: k for k in result.report.kernels}
    assert values.keys() == {"branch", "tail", "classes"}
    assert values["classes"].values <= 5
    pruned = result.model.model.get_layer("tail").get_weights()[0]
    assert len(np.unique(pruned)) <= 16
    np.testing.assert_array_equal(pruned == 0, gone)
    started = shared(kernel * ~gone, Sharing(16).assign(kernel * ~gone))
    assert np.abs(pruned - started).max() > 1e-3  # the values were trained
    assert evaluate(result.model, data) > evaluate(trained, data) - 0.1
    assert len(np.unique(result.model.model.get_layer("stem").get_weights()[0])) > 16


def test_settings() -> None:
    assert patterns()["cluster"].run is cluster_weights
    for wrong in (1, 0, 70000):
        with pytest.raises(UserError, match="clusters"):
            Clustering(clusters=wrong)
    with pytest.raises(UserError, match="number of values"):
        Sharing(16).with_setting(0.5)
