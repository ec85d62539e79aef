"""After pruning, fine-tuning and conversion the .tflite file holds the asked zeros in the asked pattern."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeprune import tflite
from edgeprune.models import Dataset, FloatModel, save
from edgeprune.plan.zeros import most_in_group, share_in_blocks, weight_rows
from edgeprune.prune import prune
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


@pytest.mark.parametrize(("method", "sparsity"), [("2:4", None), ("1x16", 0.6), ("4x1", 0.7)])
def test_patterns(trained: FloatModel, data: Dataset, tmp_path: Path, method: str, sparsity: float | None) -> None:
    given = {} if sparsity is None else {"sparsity": sparsity}
    model = prune(trained, data, method, work_dir=tmp_path, training=TRAINING, **given).model
    for name, rows in int8_rows(model, data, tmp_path):
        if name == "dw" or (method == "1x16" and rows.shape[1] < 16):  # never pruned; smaller than a block
            assert np.mean(rows == 0) < 0.3, name
        elif method == "2:4":
            assert most_in_group(rows, 4) <= 2, name
            assert np.mean(rows == 0) >= 0.5, name
        else:
            height, width = map(int, method.split("x"))
            assert share_in_blocks(rows, height, width) >= sparsity, name


def test_zeros_survive_a_second_pattern_and_shared_values(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    method, layers = "unstructured+cluster", {"classes": "skip"}
    result = prune(
        trained, data, method, work_dir=tmp_path, training=TRAINING, sparsity=0.75, clusters=9, layers=layers
    )
    assert [k.pattern for k in result.report.kernels] == ["unstructured"] * 3 + ["9 values"] * 3
    rows = dict(int8_rows(result.model, data, tmp_path))
    for name in ("stem", "branch", "tail"):
        assert np.mean(rows[name] == 0) >= 0.75, name
        assert max(len(np.unique(row)) for row in rows[name]) <= 9, name
    assert np.mean(rows["classes"] == 0) < 0.2
