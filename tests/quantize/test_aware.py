"""Quantization-aware training: zeros and clusters survive it, accuracy too, and it can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune import tflite
from edgeprune.errors import TrainingDiverged, UserError
from edgeprune.measure import litert
from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras
from edgeprune.prune import Training
from edgeprune.quantize import AwareTraining, convert, convert_aware

QUICK = AwareTraining(2, training=Training(batch_size=64))


@pytest.fixture(scope="module")
def data() -> Dataset:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 384)
    x = rng.normal(0, 0.5, (384, 6, 6, 1)).astype(np.float32)
    x[np.arange(384), :, 3 * y] += 1.5
    return Dataset(x[:256], y[:256], x[256:], y[256:])


def network(layers: Any) -> Any:
    i = keras().Input((6, 6, 1))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(i)))
    y = layers.ReLU()(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", name="dw")(x)))
    y = layers.Conv2D(8, 1, name="point")(y)
    x = layers.ReLU()(layers.Add()([x, y]))
    return keras().Model(i, layers.Dense(2, activation="softmax", name="classes")(layers.Flatten()(x)))


@pytest.fixture(scope="module")
def sparse(data: Dataset) -> FloatModel:
    """Trained; then zeros in the stem, the depthwise kernel and 2:4, and few values in the dense kernel."""
    keras().utils.set_random_seed(1)
    model = network(keras().layers)
    model.compile(keras().optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(data.train_inputs(), data.y_train, epochs=6, verbose=0)

    def change(name: str, how: Any) -> None:
        kernel, *rest = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([how(kernel), *rest])

    change("stem", lambda k: k * (np.abs(k) > np.quantile(np.abs(k), 0.34)))
    change("dw", lambda k: k * (np.abs(k) > np.quantile(np.abs(k), 0.2)))
    change("point", lambda k: k * (np.arange(8) % 4 < 2)[None, None, :, None])
    change("classes", lambda k: np.round(k * 8) / 8)
    return FloatModel(model, "sparse", Path("sparse.keras"))


def kernels(path: Path) -> list[np.ndarray]:
    """The weights of a .tflite in its order: stem, depthwise, pointwise, dense."""
    graph = tflite.read(path).graph
    wanted = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    return [np.asarray(graph.tensors[node.inputs[1]].data) for node in graph.nodes if node.op in wanted]


def right(path: Path, data: Dataset) -> float:
    return float(np.mean(litert.scores(tflite.read(path), data.test_inputs()).argmax(-1) == data.y_test))


def test_zeros_and_accuracy_survive(sparse: FloatModel, data: Dataset, tmp_path: Path) -> None:
    before = [w.copy() for w in sparse.model.get_weights()]
    plain = convert(sparse, data, "int8", tmp_path / "plain.tflite")
    aware = convert_aware(sparse, data, QUICK, tmp_path / "aware.tflite", tmp_path)
    assert aware.note == ""
    assert right(aware.path, data) >= right(plain.path, data) - 0.03
    assert [n.op for n in tflite.read(aware.path).graph.nodes] == [n.op for n in tflite.read(plain.path).graph.nodes]
    names = ("stem", "dw", "point", "classes")
    for name, stored in zip(names, kernels(aware.path), strict=True):
        kernel = sparse.model.get_layer(name).get_weights()[0]
        layout = {"dw": (3, 0, 1, 2), "classes": (1, 0)}.get(name, (3, 0, 1, 2))
        zero = np.transpose(kernel, layout).reshape(stored.shape) == 0
        assert zero.any()
        assert not stored[zero].any()
        assert stored[~zero].any()
    assert len(np.unique(kernels(aware.path)[-1])) <= len(np.unique(sparse.model.get_layer("classes").get_weights()[0]))
    for old, new in zip(before, sparse.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_tf_mot_cannot_train_is_calibrated(data: Dataset, tmp_path: Path) -> None:
    layers = keras().layers
    i = keras().Input((6, 6, 1))
    x = layers.Flatten()(i)
    gate = layers.Multiply(name="gate")([x, layers.Dense(36, activation="sigmoid")(x)])
    model = FloatModel(keras().Model(i, layers.Dense(2, activation="softmax")(gate)), "gated", Path("gated.keras"))
    result = convert_aware(model, data, QUICK, tmp_path / "m.tflite", tmp_path)
    assert result.path.is_file()
    assert "calibrated instead" in result.note
    assert "gate" in result.note


def test_ranges_start_where_the_data_puts_them(sparse: FloatModel, data: Dataset) -> None:
    from edgeprune.quantize.fake import fake_quantized, settle_ranges

    model = fake_quantized(sparse.model)
    others = [w.numpy() for w in model.weights if "_min" not in w.name and "_max" not in w.name]
    settle_ranges(model, data.train_inputs())
    for old, w in zip(others, (w for w in model.weights if "_min" not in w.name and "_max" not in w.name), strict=True):
        np.testing.assert_array_equal(old, w.numpy())
    settled = model.predict(data.test_inputs(), verbose=0).argmax(-1)
    assert np.mean(settled == sparse.model.predict(data.test_inputs(), verbose=0).argmax(-1)) > 0.9
    largest = next(w for w in model.weights if w.name.startswith("quantize_layer") and "_max" in w.name)
    assert largest.numpy() == pytest.approx(data.x_train.max())


def test_a_loss_that_is_no_number_stops(sparse: FloatModel, data: Dataset, tmp_path: Path) -> None:
    explosive = AwareTraining(2, rate=1e30, training=QUICK.training)
    with pytest.raises(TrainingDiverged, match=r"quantization-aware training: .* became"):
        convert_aware(sparse, data, explosive, tmp_path / "m.tflite", tmp_path)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"rate": 0.0}, {"rate": float("nan")}])
def test_settings_that_cannot_work(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        AwareTraining(**wrong)
