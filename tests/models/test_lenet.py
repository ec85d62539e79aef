"""The LeNet reproductions: data and results are what their README says, and its numpy training is Keras' own."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from types import ModuleType

import numpy as np
import pytest

from edgeprune.models import load_dataset
from edgeprune.models.tensorflow import keras
from edgeprune.resources import models_folder

FOLDER = models_folder() / "lenet"
README = (FOLDER / "README.md").read_text()


def script(name: str) -> ModuleType:
    """A script of the folder; they import each other, as scripts of one folder do."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return __import__(name)


def test_the_data_matches_its_digest_and_its_splits_do_not_overlap() -> None:
    path = FOLDER / "mnist.npz"
    row = next(line for line in README.splitlines() if line.startswith("| `mnist.npz`"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() in row
    data = load_dataset(path)
    assert (data.x_train.shape, data.x_test.shape) == ((8000, 28, 28, 1), (2000, 28, 28, 1))
    shares = np.bincount(data.y_test) / (np.bincount(data.y_train) + np.bincount(data.y_test))
    np.testing.assert_allclose(shares, 0.2, atol=1e-3)
    everything = np.concatenate([data.x_train, data.x_test]).reshape(10_000, -1)
    assert len(np.unique(everything, axis=0)) == 10_000
    inputs = data.test_inputs()
    assert (inputs.min(), inputs.max()) == (0.0, 1.0)
    assert len(np.unique(data.y_train[:200])) == 10  # calibration takes the first ones


def test_rounded_pixels_are_grey_levels_again_and_others_are_refused() -> None:
    levels = np.arange(256)
    np.testing.assert_array_equal(script("make_data").grey_levels(np.round(levels / 255, 3)), levels)
    with pytest.raises(ValueError, match="grey level"):
        script("make_data").grey_levels(np.array([0.5005]))


@pytest.mark.parametrize(("name", "parameters"), [("lenet_300_100", 266_610), ("lenet_5", 431_080)])
def test_the_networks_are_those_of_the_papers(name: str, parameters: int) -> None:
    assert script("lenet").NETWORKS[name]().count_params() == parameters


def test_the_numpy_network_is_keras_own() -> None:
    training = script("dense_training")
    rng = np.random.default_rng(0)
    layers = keras().layers
    i = keras().Input((12,))
    x = layers.Dense(8, activation="relu")(i)
    model = keras().Model(i, layers.Dense(3, activation="softmax")(x))
    masks = [rng.random(kernel.shape) < 0.6 for kernel in model.get_weights()[::2]]
    network = training.Network(model.get_weights(), masks, 0.01)
    for layer, mask in zip(model.layers[1:], masks, strict=True):
        layer.kernel.assign(layer.kernel * mask)
    optimizer = keras().optimizers.legacy.Adam(0.01)
    import tensorflow as tf

    for _ in range(5):
        x_batch, y_batch = rng.normal(size=(20, 12)).astype(np.float32), rng.integers(0, 3, 20)
        network.step(x_batch, y_batch)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras().losses.sparse_categorical_crossentropy(y_batch, model(x_batch)))
        slopes = tape.gradient(loss, model.trainable_variables)
        kept = [s * m for s, m in zip(slopes, (masks[0], 1.0, masks[1], 1.0), strict=True)]
        optimizer.apply_gradients(zip(kept, model.trainable_variables, strict=True))
    for own, reference in zip(network.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(own, reference, atol=2e-5)
    assert all(np.all(kernel[~mask] == 0) for kernel, mask in zip(network.weights[::2], masks, strict=True))


def points(name: str) -> list:
    lottery = script("lottery")
    known = json.loads((FOLDER / "lottery.json").read_text())[name]
    return [[lottery.Point(**point) for point in seed] for seed in known]


def test_tickets_beat_dense_and_new_weights_where_little_is_left() -> None:
    report, seeds = script("lottery_report"), points("mnist")
    assert len(seeds) == 5
    few = [n for n in report.rounds(seeds, control=False) if report.at(seeds, n, control=False)[0].remaining <= 0.136]
    for row in few[:2]:  # 13.5 % and 10.8 % of the weights are left
        groups = [report.at(seeds, n, control) for n, control in ((row, False), (0, False), (row, True))]
        ticket, dense, again = (report.mean_and_error([p.best_accuracy for p in group]) for group in groups)
        assert ticket[0] >= dense[0]
        assert ticket[0] - again[0] > ticket[1] + again[1]
        assert f"{100 * ticket[0]:.2f} ± {100 * ticket[1]:.2f}" in README


def test_deep_compression_holds_what_it_must() -> None:
    deep = script("deep_compression")
    known = json.loads((FOLDER / "deep_compression.json").read_text())["mnist"]
    for name, least in (("lenet_300_100", 40), ("lenet_5", 39)):
        results = [deep.Result(**row) for row in known[name]]
        assert len(results) == 3
        assert all(r.exact and r.ratio >= least and r.images == 2000 for r in results)
        assert max(r.points for r in results) <= 0.1 + 1e-9
        assert np.mean([r.points for r in results]) <= 0.1
        assert all(re.search(rf"\| {name} \| {r.seed} \|.*{r.file_bytes:,} B", README) for r in results)
