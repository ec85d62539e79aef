"""Channels that others can stand in for go, and the layers that read them make up for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.compact import Calibration, calibrated
from edgeprune.compact.activations import answers, sampled, stored_inputs
from edgeprune.compact.interpreter import Runner
from edgeprune.compact.layers import real_values, with_layer
from edgeprune.compact.structure import Structure, structure_of
from edgeprune.compact.verify import macs, probes
from edgeprune.errors import DataError, JobFailed, UnsupportedError, UserError
from edgeprune.models import Dataset
from edgeprune.tflite import TfliteModel, read, read_bytes, rewritten
from edgeprune.tflite.flatbuffer import packed, unpacked
from support.command_line import edgeprune
from support.networks import Network
from support.small import small_model
from support.tflite_model import ModelBuilder

#: Latent variables that all inputs come from, so that channels are redundant.
_LATENT = 4


class _Doubled(Network):
    """A network whose convolutions compute each channel twice."""

    def _parameters(self, shape: tuple[int, ...], axis: int, scale_in: float) -> tuple[int, int, float]:
        weights, bias, spread = super()._parameters(shape, axis, scale_in)
        twice = np.arange(shape[axis]) % (shape[axis] // 2)
        for number, along in ((weights, axis), (bias, 0)):
            tensor = self.model.graph.tensors[number]
            tensor.quantization.scale = tensor.quantization.scale[twice]
            buffer = self.model.model.buffers[tensor.buffer]
            values = buffer.data.view(np.int8 if number == weights else np.int32).reshape(tensor.shape)
            buffer.data = np.frombuffer(np.take(values, twice, along).tobytes(), np.uint8)
        return weights, bias, spread


def _inputs() -> np.ndarray:
    random = np.random.default_rng(0)
    mixing = random.standard_normal((_LATENT, 6 * 6 * 3))
    return np.tanh(random.standard_normal((1500, _LATENT)) @ mixing).reshape(-1, 6, 6, 3).astype(np.float32)


def _network() -> TfliteModel:
    """int8: a depthwise layer, a residual stream, a place where channels repeat; classes that all occur."""
    model = ModelBuilder()
    net = _Doubled(model, np.random.default_rng(10))
    value = net.conv(net.input((1, 6, 6, 3)), 16, (3, 3))
    value = net.conv(net.depthwise(value), 24, stride=2)
    value = net.conv(net.add(value, net.conv(value, 24), "RELU"), 12, (2, 2), padding="VALID")
    net.output(net.dense(net.dense(net.flatten(value), 20, "RELU"), 4))
    source = read_bytes(model.build(), "network")
    found = structure_of(source.graph)
    last = max(found.layers)
    layer, mean = found.layers[last], answers(source, stored_inputs(source.graph, _inputs())).mean(axis=0)
    return rewritten(source, with_layer(source.graph, last, replace(layer, bias=layer.bias - mean)))


def _as_float(source: TfliteModel) -> TfliteModel:
    """The network in float32."""
    model, graph = unpacked(source.content), source.graph
    for tensor, known in zip(model.subgraphs[0].tensors, graph.tensors, strict=True):
        if known.quantization is None:
            continue
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
        if known.is_constant:
            values = real_values(known).astype(np.float32)
            model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
    return read_bytes(packed(model, source.content), "network")


@pytest.fixture(scope="module")
def networks() -> dict[str, TfliteModel]:
    return {"int8": _network(), "none": _as_float(_network())}


@pytest.fixture(scope="module")
def data(networks) -> Dataset:
    """Inputs from few latent variables, labelled by the network itself."""
    source, x = networks["int8"], _inputs()
    scores = answers(source, stored_inputs(source.graph, x))
    lead = np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0]
    chosen = np.argsort(-lead)[:450]  # where a step or two of int8 change no answer
    chosen = np.random.default_rng(1).permutation(chosen)
    x, labels = x[chosen], scores[chosen].argmax(axis=1).astype(np.int64)
    return Dataset(x[:350], labels[:350], x[350:], labels[350:])


@pytest.fixture(scope="module")
def structure(networks) -> Structure:
    return structure_of(networks["int8"].graph)


def test_residual_streams_are_one_width(structure: Structure) -> None:
    assert [len(space.groups) for space in structure.spaces] == [16, 24, 12, 20]
    assert [len(space.readers) for space in structure.spaces] == [1, 2, 1, 1]


@pytest.mark.parametrize("scheme", ["int8", "none"])
def test_layers_keep_what_they_were_given(networks, scheme: str) -> None:
    """Weights to real values and back change nothing that can be seen."""
    source = networks[scheme]
    graph, found = source.graph, structure_of(source.graph)
    for index, layer in found.layers.items():
        graph = with_layer(graph, index, layer)
    (first, second), probe = (Runner(m) for m in (source, rewritten(source, graph))), probes(graph.input_tensors(), 6)
    for inputs in probe:
        (before,), (after,) = first.run(inputs), second.run(inputs)
        assert np.abs(before.astype(float) - after).max() <= (2 if scheme == "int8" else 1e-4)


def test_samples_are_what_a_layer_computes_from(networks, data: Dataset) -> None:
    source = networks["none"]
    found = structure_of(source.graph)
    inputs = stored_inputs(source.graph, data.test_inputs()[:20])
    rows = sampled(source, found.layers, inputs)
    last = max(found.layers)
    layer = found.layers[last]
    outputs = rows[last].rows @ layer.weights[:, 0].T + layer.bias
    np.testing.assert_allclose(outputs, answers(source, inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("scheme", "ratio", "points"), [("none", 2.2, 1), ("int8", 1.2, 20)])
def test_what_is_computed_twice_goes(networks, scheme: str, ratio: float, points: float, data: Dataset) -> None:
    """In int8 each layer that is fitted anew rounds anew, and the classes of this network lie few steps apart."""
    source = networks[scheme]
    result = calibrated(source, data, Calibration(macs_ratio=ratio, points=points, examples=150, held_out=150))
    assert macs(source.graph) / macs(result.model.graph) >= ratio
    assert result.bytes_after < result.bytes_before
    assert result.change.points >= -points - 10 * (scheme == "int8")
    assert all(0 < after <= before for before, after in result.widths)
    assert min(after / before for before, after in result.widths) < 0.7


def test_points_are_spent_as_far_as_they_go(networks, data: Dataset) -> None:
    result = calibrated(networks["int8"], data, Calibration(points=3.0, examples=100, held_out=100))
    assert result.held_out_points >= -3
    assert result.macs_after < result.macs_before


def test_the_command_writes_a_file_and_an_account(networks, data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(networks["int8"].content)
    arrays = {name: getattr(data, name)[:120] for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(tmp_path / "d.npz", **arrays, scale=data.scale, offset=data.offset)
    paths = (tmp_path / "m.tflite", "--data", tmp_path / "d.npz", "--out", tmp_path / "out.tflite")
    budget = ("--set", "points=100", "--macs-ratio", "1.1")
    ended = edgeprune("prune", *paths, "--method", "calibrated", *budget, "--json")
    assert ended.code == 0, ended.err
    account = json.loads(ended.out)
    assert account["sha256"] == read(tmp_path / "out.tflite").sha256
    assert account["macs_after"] * 1.1 <= account["macs_before"]


@pytest.mark.parametrize(
    ("settings", "said", "error"),
    [
        ({"macs_ratio": 0.5}, "greater than 1", UserError),
        ({"macs_ratio": 1e6}, "the most that this model gives", UserError),
        ({"macs_ratio": 25.0, "points": 0.0}, "cost", JobFailed),
        ({"examples": 0}, "at least 1", UserError),
    ],
)
def test_budgets_that_cannot_be_met(networks, data: Dataset, settings: dict, said: str, error: type) -> None:
    few = replace(data, x_train=data.x_train[:60], y_train=data.y_train[:60])
    with pytest.raises(error, match=said):
        calibrated(networks["int8"], few, Calibration(**{"examples": 20, **settings}))


def test_data_that_does_not_fit(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "small.tflite").write_bytes(small_model())
    with pytest.raises(DataError, match="shape"):
        calibrated(read(tmp_path / "small.tflite"), data, Calibration())
    ended = edgeprune("prune", tmp_path / "small.tflite", "--method", "calibrated", "--out", tmp_path / "o.tflite")
    assert "--data is missing" in ended.is_users_fault()


@pytest.mark.parametrize(("setting", "said"), [("depth=3", "unknown key 'depth'"), ("examples=1.5", "not allowed")])
def test_settings_that_do_not_exist(tmp_path: Path, setting: str, said: str) -> None:
    (tmp_path / "m.tflite").write_bytes(small_model())
    options = ("--method", "calibrated", "--data", tmp_path / "none.npz", "--out", tmp_path / "o.tflite")
    assert said in edgeprune("prune", tmp_path / "m.tflite", *options, "--set", setting).is_users_fault()


def test_a_model_with_memory_is_refused(networks, data: Dataset) -> None:
    source = networks["int8"]
    with pytest.raises(UnsupportedError, match="2 inputs"):
        calibrated(replace(source, graph=replace(source.graph, inputs=source.graph.inputs * 2)), data, Calibration())
