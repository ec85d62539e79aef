"""Whole models: .tflite files come back byte by byte, Keras models with the same weights."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from edgeprune.compress import CompressedFileError, decode, decode_tensors, decode_tflite, encode_tensors, encode_tflite
from edgeprune.compress.tflite_file import restored_file
from edgeprune.errors import ModelError


@pytest.fixture(scope="module")
def tflite_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from edgeprune.models.tensorflow import keras, tensorflow

    k = keras()
    model = k.Sequential([k.layers.Input((40,)), k.layers.Dense(60, "relu"), k.layers.Dense(10)])
    kernel, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([np.where(np.abs(kernel) > 0.22, np.round(kernel, 2), 0), bias])
    content: bytes = tensorflow().lite.TFLiteConverter.from_keras_model(model).convert()
    return content


def test_tflite_comes_back_smaller_than_xz(tflite_file: bytes) -> None:
    compressed = encode_tflite(tflite_file)
    assert decode_tflite(compressed.content) == tflite_file
    assert compressed.report.nbytes == len(compressed.content)
    assert compressed.report.original == len(tflite_file)
    assert len(compressed.content) < len(lzma.compress(tflite_file, preset=9 | lzma.PRESET_EXTREME))


def test_a_damaged_tflite_still_comes_back(tflite_file: bytes) -> None:
    rng = np.random.default_rng(0)
    for _ in range(2):
        damaged = bytearray(tflite_file)
        for place in rng.integers(8, len(damaged), 20):
            damaged[place] = rng.integers(256)
        assert decode_tflite(encode_tflite(bytes(damaged)).content) == bytes(damaged)


def test_other_files_are_refused() -> None:
    with pytest.raises(ModelError, match="TFL3"):
        encode_tflite(b"something else")
    with pytest.raises(CompressedFileError, match=r"no \.tflite"):
        restored_file(decode(encode_tensors({"a": np.ones(3)}).content))


def test_keras_model_comes_back(tmp_path: Path) -> None:
    from edgeprune.compress.keras_file import encode_model, restore_model
    from edgeprune.models import FloatModel, load
    from edgeprune.models.tensorflow import keras

    k = keras()
    model = k.Sequential([k.layers.Input((8, 8, 2)), k.layers.Conv2D(4, 3), k.layers.BatchNormalization()])
    kernel, *others = model.get_weights()
    kernel[np.abs(kernel) < 0.1] *= -0.0
    model.set_weights([kernel, *others])
    content = encode_model(FloatModel(model, "small", tmp_path)).content
    restore_model(decode(content), tmp_path / "out.keras")
    restored = load(tmp_path / "out.keras").model.get_weights()
    wanted = [np.where(weight == 0, np.float32(0), weight) for weight in model.get_weights()]
    assert [weight.tobytes() for weight in restored] == [weight.tobytes() for weight in wanted]
    assert [tensor.name for tensor in decode_tensors(content)] == [weight.name for weight in model.weights]
