"""After pruning, fine-tuning and conversion the .tflite file holds the asked zeros in the asked pattern."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeprune import tflite
from edgeprune.models import Dataset, FloatModel, save
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras
from edgeprune.plan.zeros import most_in_group, share_in_blocks, weight_rows
from edgeprune.prune import prune
from edgeprune.prune.policy import LayerRule
from edgeprune.prune.weights.kernels import find_kernels
from edgeprune.prune.weights.rules import Blocks
from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.job import Job
from edgeprune.quantize.worker import convert

TRAINING = {"gradual_epochs": 1, "recovery_epochs": 1, "batch_size": 128, "recovery_rate": 2e-3}
LAYERS = ("stem", "dw", "branch", "tail", "classes")


def int8_rows(model: FloatModel, data: Dataset, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Layer and weights [outputs, reduction] of the model's int8 file; converted here, since a process takes longer."""
    save(model, folder / "model.keras")
    Calibration.of(model, data, 20).save(folder / "examples.npz")
    content = convert(Job(str(folder / "model.keras"), str(folder / "examples.npz"), "int8", ""))
    graph = tflite.read_bytes(content, "m").graph
    found = [rows for node in graph.nodes for rows in weight_rows(graph, node)]
    return zip(LAYERS, found, strict=True)


@pytest.mark.parametrize(("method", "sparsity"), [("2:4", None), ("4x1", 0.7)])
def test_patterns(trained: FloatModel, data: Dataset, tmp_path: Path, method: str, sparsity: float | None) -> None:
    given = {} if sparsity is None else {"sparsity": sparsity}
    model = prune(trained, data, method, work_dir=tmp_path, training=TRAINING, **given).model
    for name, rows in int8_rows(model, data, tmp_path):
        if name == "dw":
            assert np.mean(rows == 0) < 0.2
        elif sparsity is None:
            assert most_in_group(rows, 4) <= 2, name
            assert np.mean(rows == 0) >= 0.5, name
        else:
            assert share_in_blocks(rows, 4, 1) >= sparsity, name


def test_zeros_survive_a_second_pattern_and_shared_values(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    own = {"unstructured": {"layers": {"dw": 0.4, "classes": "skip"}}, "cluster": {"layers": {"branch": "skip"}}}
    given = {"sparsity": 0.75, "clusters": 9, "training": TRAINING, **own}
    result = prune(trained, data, "unstructured+cluster", work_dir=tmp_path, **given)
    assert [k.pattern for k in result.report.kernels] == ["unstructured"] * 4 + ["9 values"] * 3
    rows = dict(int8_rows(result.model, data, tmp_path))
    for name, zeros in {"stem": 0.75, "dw": 0.4, "branch": 0.75, "tail": 0.75}.items():
        assert np.mean(rows[name] == 0) >= zeros, name
    for name in ("stem", "tail", "classes"):
        assert max(len(np.unique(row)) for row in rows[name]) <= 9, name
    assert np.mean(rows["classes"] == 0) < 0.2


def test_a_pattern_keeps_the_zeros_of_kernels_that_it_leaves_out(
    trained: FloatModel, data: Dataset, tmp_path: Path
) -> None:
    sparse = clone(trained.model)
    for name in ("stem", "dw"):  # smaller than a block, and never pruned unless named
        kernel, bias = sparse.get_layer(name).get_weights()
        sparse.get_layer(name).set_weights([kernel * (np.abs(kernel) > np.quantile(np.abs(kernel), 0.4)), bias])
    model = FloatModel(sparse, "sparse", Path("m"))
    result = prune(model, data, "1x16", work_dir=tmp_path, training=TRAINING, sparsity=0.6)
    assert [kernel.layer for kernel in result.report.kernels] == ["tail", "classes"]
    for name, rows in int8_rows(result.model, data, tmp_path):
        if name in {"tail", "classes"}:
            assert share_in_blocks(rows, 1, 16) >= 0.6, name
        elif name in {"stem", "dw"}:
            assert np.mean(rows == 0) >= 0.39, name


def test_every_kind_of_kernel_lies_in_the_file_as_the_rules_see_it(tmp_path: Path) -> None:
    layers = keras().layers
    i = keras().Input((6, 6, 4))
    x = layers.Conv2D(8, 3, groups=2, name="conv")(i)
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="dw")(x)
    x = layers.Conv2DTranspose(5, 2, name="up")(layers.SeparableConv2D(6, 3, padding="same", name="separable")(x))
    x = layers.Conv1D(7, 4, strides=4, name="conv1d")(layers.Reshape((25, 5))(x))
    x = layers.Conv1DTranspose(9, 3, name="up1d")(x)
    model = keras().Model(i, layers.Dense(9, name="classes")(layers.LSTM(6, name="lstm")(x)))
    rng = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    rule = Blocks(2, 3, 0.5)
    for kernel in find_kernels(model, rule, (LayerRule("dw", 0.5),)):
        weights = model.get_layer(kernel.layer).get_weights()
        weights[kernel.weight] *= kernel.mask(weights[kernel.weight])
        model.get_layer(kernel.layer).set_weights(weights)
    model.save(tmp_path / "model.keras")
    graph = tflite.read_bytes(convert(Job(str(tmp_path / "model.keras"), None, "none", "")), "m").graph
    found = [(node.op, rows) for node in graph.nodes for rows in weight_rows(graph, node)]
    assert len(found) == 16  # an LSTM has eight
    shares = [share_in_blocks(rows, 2, 3) for _, rows in found]
    dense = [place for place, share in enumerate(shares) if share < 0.5]
    assert [found[place][0] for place in dense] == ["DEPTHWISE_CONV_2D"]  # of the separable layer
    assert shares[dense[0]] == 0
