"""Conversion to TFLite in a subprocess: every scheme, and every way to fail."""

from __future__ import annotations

import hashlib
import importlib
import signal
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgeprune.errors import DataError, ModelError
from edgeprune.models import Dataset, FloatModel, evaluate, load, load_dataset
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.quantize import Calibration, QuantizedModel, Scheme, convert
from edgeprune.resources import models_folder


@pytest.fixture(scope="module")
def fashion() -> FloatModel:
    return load(models_folder() / "fashion" / "fashion.keras")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_dataset(models_folder() / "fashion" / "fashion.npz")


def run(path: Path, inputs: np.ndarray) -> np.ndarray:
    """Outputs of a .tflite on real-valued inputs, one at a time, as real values."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert source["shape"][0] == 1
    results = []
    if source["dtype"] == np.int8:
        scale, zero = source["quantization"]
        inputs = np.clip(np.round(inputs / scale) + zero, -128, 127)
    for value in inputs:
        interpreter.set_tensor(source["index"], value[None].astype(source["dtype"]))
        interpreter.invoke()
        result = interpreter.get_tensor(sink["index"])[0].astype(np.float32)
        scale, zero = sink["quantization"]
        results.append((result - zero) * scale if sink["dtype"] == np.int8 else result)
    return np.array(results)


@pytest.fixture(scope="module")
def int8(fashion: FloatModel, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> QuantizedModel:
    return convert(fashion, data, "int8", tmp_path_factory.mktemp("int8") / "new" / "m.tflite")


@pytest.mark.parametrize("scheme", [s for s in Scheme if s is not Scheme.INT8], ids=lambda s: s.value)
def test_each_scheme_stays_near_float(fashion: FloatModel, data: Dataset, scheme: Scheme, tmp_path: Path) -> None:
    result = convert(fashion, data if scheme.calibrated else None, scheme, tmp_path / "m.tflite", samples=50)
    assert result.scheme is scheme
    inputs = data.test_inputs()[:300]
    expected = fashion.model.predict(inputs, verbose=0)
    same = np.mean(run(result.path, inputs).argmax(-1) == expected.argmax(-1))
    assert same > (0.999 if scheme in (Scheme.NONE, Scheme.FLOAT16) else 0.96)


def test_int8_accuracy_is_near_float(fashion: FloatModel, data: Dataset, int8: QuantizedModel) -> None:
    accuracy = np.mean(run(int8.path, data.test_inputs()).argmax(-1) == data.y_test)
    assert evaluate(fashion, data) - accuracy < 0.01
    interpreter = Interpreter(str(int8.path))
    for details in (interpreter.get_input_details()[0], interpreter.get_output_details()[0]):
        assert details["dtype"] == np.int8


def test_the_file_is_described_and_alone_in_its_folder(int8: QuantizedModel) -> None:
    content = int8.path.read_bytes()
    assert int8.scheme is Scheme.INT8
    assert (int8.nbytes, int8.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [p.name for p in int8.path.parent.iterdir()] == ["m.tflite"]


def test_conversion_is_repeatable(fashion: FloatModel, data: Dataset, int8: QuantizedModel, tmp_path: Path) -> None:
    assert convert(fashion, data, "int8", tmp_path / "again.tflite").sha256 == int8.sha256


def tiny(name: str = "tiny") -> FloatModel:
    k = keras()
    i = k.Input((6, 6, 1))
    x = k.layers.Conv2D(4, 3)(i)
    return FloatModel(k.Model(i, k.layers.Dense(2)(k.layers.Flatten()(x))), name, Path(f"{name}.keras"))


def tiny_data() -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 6, 6, 1)).astype(np.float32)
    y = np.arange(30) % 2
    return Dataset(x, y, x, y)


def test_wrong_requests(tmp_path: Path) -> None:
    out = tmp_path / "m.tflite"
    with pytest.raises(ModelError, match=r"'int7' is unknown.*int16x8"):
        convert(tiny(), tiny_data(), "int7", out)
    with pytest.raises(DataError, match="int8 needs examples"):
        convert(tiny(), None, "int8", out)
    with pytest.raises(DataError, match="calibration with 0"):
        convert(tiny(), tiny_data(), "int8", out, samples=0)
    k = keras()
    i = k.Input((None, 6, 1))
    loose = FloatModel(k.Model(i, k.layers.GlobalAveragePooling2D()(i)), "loose", Path("loose.keras"))
    with pytest.raises(ModelError, match="no fixed size"):
        convert(loose, None, "none", out)
    assert not out.exists()


def test_a_worker_that_dies_becomes_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "dying_worker.py"
    module.write_text(
        "import os, sys\nprint('first line', file=sys.stderr)\n"
        "print('the converter aborts', file=sys.stderr, flush=True)\n"
        f"os.kill(os.getpid(), {int(signal.SIGABRT)})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(importlib.import_module("edgeprune.quantize.convert"), "_WORKER", "dying_worker")
    out = tmp_path / "m.tflite"
    out.write_bytes(b"the file from before")
    with pytest.raises(ModelError, match=r"tiny.keras: the TFLite converter died of SIGABRT.*\(the converter aborts\)"):
        convert(tiny(), tiny_data(), "int8", out)
    assert out.read_bytes() == b"the file from before"
    assert not list(tmp_path.glob(".convert-*"))


def test_a_model_that_the_converter_refuses(tmp_path: Path) -> None:
    """TFLite has no matrix inverse, so the converter raises inside the worker."""
    k = keras()
    i = k.Input((6, 6, 1))
    inverse = tensorflow().linalg.inv(k.layers.Reshape((6, 6))(i))
    model = FloatModel(k.Model(i, k.layers.Flatten()(inverse)), "odd", Path("odd.keras"))
    with pytest.raises(
        ModelError, match=r"odd.keras: the TFLite converter failed while converting to none \(.*MatrixInverse.*\)"
    ):
        convert(model, None, "none", tmp_path / "m.tflite")


def recurrent() -> tuple[FloatModel, Dataset]:
    k = keras()
    i = k.Input((6, 6))
    model = FloatModel(k.Model(i, k.layers.Dense(2)(k.layers.GRU(4)(i))), "gru", Path("gru.keras"))
    data = tiny_data()
    return model, Dataset(data.x_train[..., 0], data.y_train, data.x_test[..., 0], data.y_test)


def test_a_model_that_kills_the_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The int8 conversion of a GRU with a while loop aborts the process."""
    monkeypatch.setattr(importlib.import_module("edgeprune.quantize.recurrent"), "MOST_STEPS", 5)
    model, data = recurrent()
    with pytest.raises(ModelError, match=r"gru.keras: the TFLite converter .* to int8 \(.+\); .*unroll"):
        convert(model, data, "int8", tmp_path / "m.tflite", samples=2)


def test_short_loops_over_time_are_written_out(tmp_path: Path) -> None:
    model, data = recurrent()
    result = convert(model, data, "int8", tmp_path / "m.tflite")
    inputs = data.test_inputs()
    np.testing.assert_allclose(run(result.path, inputs), model.model.predict(inputs, verbose=0), atol=0.06)


def test_several_inputs_and_outputs_keep_their_order(tmp_path: Path) -> None:
    layers, make = keras().layers, keras().Input
    inputs = [make((4,), name="zeta"), make((4,), name="alpha"), make((6, 2), name="mid"), make((3,), dtype="int32")]
    places = layers.Flatten()(layers.Embedding(5, 2)(inputs[3]))
    both = layers.Concatenate()([*(layers.Dense(3)(layers.Flatten()(i)) for i in inputs[:3]), places])
    outputs = [layers.Dense(5, name="zz")(both), layers.Dense(2, name="aa")(both), layers.Dense(3, name="mm")(both)]
    model = FloatModel(keras().Model(inputs, outputs), "multi", Path("multi.keras"))
    rng = np.random.default_rng(0)
    sizes = zip(((4,), (4,), (6, 2)), (1, 10, 100), strict=True)
    floats = [rng.uniform(-s, s, (20, *shape)).astype(np.float32) for shape, s in sizes]
    examples = Calibration((*floats, rng.integers(0, 5, (20, 3)).astype(np.int32)))
    result = convert(model, examples, "int8", tmp_path / "m.tflite")
    interpreter = Interpreter(str(result.path))
    found = interpreter.get_input_details()
    assert [d["name"].split(":")[0] for d in found] == [f"serving_default_{i.name}" for i in inputs]
    for details, array in zip(found[:3], floats, strict=True):
        assert details["quantization"][0] == pytest.approx((array.max() - array.min()) / 255, rel=1e-3)
    assert [d["shape"][1] for d in interpreter.get_output_details()] == [5, 2, 3]
    with pytest.raises(DataError, match="4 inputs and the calibration 3"):
        convert(model, Calibration(examples.inputs[:3]), "int8", tmp_path / "m.tflite")
    with pytest.raises(DataError, match=r"\[20, 20, 20, 19\]"):
        convert(model, Calibration((*floats, examples.inputs[3][1:])), "int8", tmp_path / "m.tflite")
    assert [a.dtype for a in Calibration.random(model).inputs] == ["f4", "f4", "f4", "i4"]
