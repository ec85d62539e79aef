"""Loading models of both Keras generations, and files that are none."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.errors import ModelError
from edgeprune.models import load, save
from edgeprune.models.tensorflow import keras, tensorflow

tf = tensorflow()
layers = keras().layers


def small() -> Any:
    return keras().Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )


def outputs(model: Any, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(4, *model.inputs[0].shape[1:])).astype(np.float32)
    return np.asarray(model(x, training=False))


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "folder"])
def test_every_format_of_keras_2(tmp_path: Path, name: str) -> None:
    model = small()
    model.save(tmp_path / name, **({"save_format": "tf"} if name == "folder" else {}))
    loaded = load(tmp_path / name)
    assert loaded.input_shape == (8, 8, 1)
    assert loaded.classes == 3
    np.testing.assert_allclose(outputs(loaded.model), outputs(model), rtol=1e-6)


def test_saving_gives_back_the_same(tmp_path: Path) -> None:
    small().save(tmp_path / "m.keras")
    first = load(tmp_path / "m.keras")
    second = load(save(first, tmp_path / "new" / "n.keras").source)
    assert second.name == "n"
    np.testing.assert_array_equal(outputs(first.model), outputs(second.model))


def test_nested_models_are_flattened(tmp_path: Path) -> None:
    inner = keras().Sequential([layers.Dense(4, name="same", input_shape=(6,)), layers.BatchNormalization()])
    i = keras().Input((6,))
    x = inner(i)
    x = layers.Dense(6, name="same")(x)
    model = keras().Model(i, layers.Add()([inner(x), x[:, :4] * 2.0]))
    rng = np.random.default_rng(1)
    model.set_weights([np.abs(rng.normal(size=w.shape)).astype("f4") for w in model.get_weights()])
    model.save(tmp_path / "m.keras")
    flat = load(tmp_path / "m.keras").model
    assert not any(isinstance(layer, keras().Model) for layer in flat.layers)
    assert len({layer.name for layer in flat.layers}) == len(flat.layers)
    assert flat.count_params() == model.count_params()
    np.testing.assert_allclose(outputs(flat), outputs(model), rtol=1e-5)


def keras3_model(k: Any) -> Any:
    ls = k.layers
    i = k.Input((12, 12, 3), name="image")
    x = ls.Conv2D(8, 3, padding="same", kernel_regularizer="l2", use_bias=False)(i)
    x = ls.LeakyReLU(negative_slope=0.1)(ls.BatchNormalization()(x))
    y = ls.ReLU(max_value=6.0)(ls.DepthwiseConv2D(3, padding="same")(x))
    x = k.ops.relu(ls.Add()([x, y]) + x)
    inner = k.Sequential([k.Input((12, 12, 8)), ls.SeparableConv2D(6, 3), ls.Dropout(0.3)], name="inner")
    x = ls.Flatten()(ls.MaxPooling2D()(inner(x)))
    return k.Model(i, ls.Dense(5, activation="softmax")(x))


def test_a_keras_3_model_computes_the_same(tmp_path: Path) -> None:
    import keras as keras3

    model = keras3_model(keras3)
    rng = np.random.default_rng(0)
    model.set_weights([np.abs(rng.normal(0, 0.3, w.shape)).astype("f4") + 0.01 for w in model.get_weights()])
    model.save(tmp_path / "three.keras")
    loaded = load(tmp_path / "three.keras").model
    assert loaded.count_params() == model.count_params()
    assert np.ptp(outputs(model)) > 0.01
    np.testing.assert_allclose(outputs(loaded), outputs(model), rtol=1e-5, atol=1e-6)


def test_keras_3_sequential_and_recurrent(tmp_path: Path) -> None:
    import keras as keras3

    ls = keras3.layers
    model = keras3.Sequential(
        [keras3.Input((7, 4)), ls.Bidirectional(ls.LSTM(5, return_sequences=True)), ls.GRU(6), ls.Dense(3)]
    )
    model.save(tmp_path / "rnn.keras")
    np.testing.assert_allclose(outputs(load(tmp_path / "rnn.keras").model), outputs(model), atol=1e-6)


def test_a_keras_3_layer_that_cannot_be_rebuilt_is_named(tmp_path: Path) -> None:
    import keras as keras3

    model = keras3.Sequential(
        [keras3.Input((7, 4)), keras3.layers.RMSNormalization(name="rms_layer"), keras3.layers.Dense(3)]
    )
    model.save(tmp_path / "new.keras")
    with pytest.raises(ModelError, match=r"'rms_layer' \(RMSNormalization\).*cannot be rebuilt"):
        load(tmp_path / "new.keras")


def test_files_that_are_no_model(tmp_path: Path) -> None:
    (tmp_path / "text.keras").write_text("hello")
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("a", "b")
    small().save(tmp_path / "whole.keras")
    whole = (tmp_path / "whole.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    small().save(tmp_path / "whole.h5")
    (tmp_path / "cut.h5").write_bytes((tmp_path / "whole.h5").read_bytes()[:3000])
    small().save_weights(tmp_path / "weights.h5")
    tf.saved_model.save(tf.Module(), str(tmp_path / "functions"))
    names = ("absent.keras", "text.keras", "folder", "zip.keras", "cut.keras", "cut.h5", "weights.h5", "functions")
    for name in names:
        with pytest.raises(ModelError) as caught:
            load(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    model = small()
    weights = model.get_weights()
    weights[0][0, 0, 0, 0] = np.nan
    weights[0][1, 0, 0, 0] = np.inf
    model.set_weights(weights)
    model.save(tmp_path / "nan.keras")
    with pytest.raises(ModelError, match=r"2 of 36 values of .*kernel.* are NaN or infinite"):
        load(tmp_path / "nan.keras")


def test_a_model_that_is_no_classifier_with_one_input(tmp_path: Path) -> None:
    a, b = keras().Input((2,)), keras().Input((2,))
    keras().Model([a, b], layers.Reshape((1, 2))(layers.Add()([a, b]))).save(tmp_path / "two.keras")
    model = load(tmp_path / "two.keras")
    with pytest.raises(ModelError, match="2 inputs"):
        _ = model.input_shape
    with pytest.raises(ModelError, match=r"\[None, 1, 2\]"):
        _ = model.classes
