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
from support import planted
from support.command_line import edgeprune
from support.small import small_model
from support.tflite_model import ModelBuilder

#: Latent variables that all inputs come from, so that channels are redundant.
_LATENT = 4


def _network() -> TfliteModel:
    """int8: depthwise layers, a residual stream, a place where channels repeat."""
    model = ModelBuilder()
    net = planted.begin(model, np.random.default_rng(3), (1, 6, 6, 3))
    net.activation = "RELU"
    planted.convolution(net, 16, 3, 1, "SAME", 0.0)
    planted.depthwise(net, 1, 3, 1, "SAME", 0.0)
    planted.convolution(net, 24, 1, 2, "SAME", 0.0)
    planted.residual(net, 0.0)
    planted.convolution(net, 12, 2, 1, "VALID", 0.0)
    planted.flattened(net)
    planted.dense(net, 20, 0.0)
    net.activation = "NONE"
    planted.dense(net, 4, 0.0)
    model.output(net.tensor)
    return read_bytes(model.build(), "network")


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
    source, random = networks["int8"], np.random.default_rng(0)
    (tensor,) = source.graph.input_tensors()
    mixing = random.standard_normal((_LATENT, 6 * 6 * 3))
    x = np.tanh(random.standard_normal((500, _LATENT)) @ mixing).reshape(-1, 6, 6, 3).astype(np.float32)
    x = x * np.float32(100 * tensor.quantized().scale)
    labels = answers(source, stored_inputs(source.graph, x)).argmax(axis=1).astype(np.int64)
    return Dataset(x[:400], labels[:400], x[400:], labels[400:])


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


@pytest.mark.parametrize("scheme", ["int8", "none"])
def test_fewer_multiplications_at_little_loss(networks, scheme: str, data: Dataset) -> None:
    source = networks[scheme]
    settings = Calibration(macs_ratio=1.5, points=8, examples=150, held_out=200)
    result = calibrated(source, data, settings)
    assert macs(source.graph) / macs(result.model.graph) >= 1.5
    assert result.bytes_after < result.bytes_before
    assert result.change.points > -8
    assert all(0 < after <= before for before, after in result.widths)


def test_points_are_spent_as_far_as_they_go(networks, data: Dataset) -> None:
    few = [calibrated(networks["int8"], data, Calibration(points=p, examples=60, held_out=100)) for p in (0.0, 10.0)]
    assert few[0].macs_after >= few[1].macs_after
    assert all(result.held_out_points >= -p for result, p in zip(few, (0.0, 10.0), strict=True))


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
