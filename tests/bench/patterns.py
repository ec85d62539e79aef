"""Zeros asked for and zeros found in the int8 .tflite, per method and layer, after calibration and after QAT.

Every row prunes the demonstration model anew on a part of its data, so that all of them take
minutes; accuracy is that of the 2,500 test images.  Exits 1 where a file has fewer zeros than asked for.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, head, show

from edgeprune import models, tflite
from edgeprune.measure import litert
from edgeprune.measure.accuracy import right_answers
from edgeprune.models import Dataset, FloatModel
from edgeprune.plan.zeros import most_in_group, share_in_blocks, weight_rows
from edgeprune.prune import Training, prune
from edgeprune.prune.weights.layout import PLACES
from edgeprune.quantize import AwareTraining, convert, convert_aware

FASHION = ROOT / "models" / "fashion"
TRAINED_ON = 3072
EPOCHS = {"gradual_epochs": 2, "recovery_epochs": 2, "recovery_rate": 2e-3, "gradual_rate": 1e-3}
AWARE = AwareTraining(epochs=1, training=Training())

Rows = np.ndarray[Any, Any]
Found = Callable[[Rows], float]


def zeros(rows: Rows) -> float:
    return float(np.mean(rows == 0))


def n_of_m(n: int, m: int) -> Found:
    return lambda rows: zeros(rows) if most_in_group(rows, m) <= n else 0.0


def blocks(height: int, width: int) -> Found:
    return lambda rows: share_in_blocks(rows, height, width)


@dataclass(frozen=True)
class Row:
    """One job: the method, its settings, the share it asks for, how that is counted, and values per scale."""

    method: str
    settings: dict[str, Any]
    asked: float
    found: Found
    values: int | None = None


ROWS = (
    Row("unstructured", {"sparsity": 0.8}, 0.8, zeros),
    Row("2:4", {}, 0.5, n_of_m(2, 4)),
    Row("1:4", {}, 0.75, n_of_m(1, 4)),
    Row("3:10", {}, 0.7, n_of_m(3, 10)),
    Row("1x4", {"sparsity": 0.7}, 0.7, blocks(1, 4)),
    Row("4x1", {"sparsity": 0.7}, 0.7, blocks(4, 1)),
    Row("1x16", {"sparsity": 0.7}, 0.7, blocks(1, 16)),
    Row("cluster", {"clusters": 32}, 0.0, zeros, 32),
    Row("unstructured+cluster", {"sparsity": 0.8, "clusters": 32}, 0.8, zeros, 32),
    Row("lottery", {"sparsity": 0.6, "share": 0.4, "halve_output": False, "epochs": 2}, 0.6, zeros),
    Row("channel+2:4", {"macs_ratio": 2.0}, 0.5, n_of_m(2, 4)),
)


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def accuracy(file: Path, data: Dataset) -> float:
    return float(np.mean(right_answers(litert.scores(tflite.read(file), data.test_inputs()), data)))


def per_layer(file: Path, model: FloatModel, row: Row, pruned: set[str]) -> list[tuple[str, float, int]]:
    """Name, share found and most values of one scale of each pruned layer in the file."""
    graph = tflite.read(file).graph
    names = [layer.name for layer in model.model.layers if type(layer).__name__ in PLACES]
    rows = [rows for node in graph.nodes for rows in weight_rows(graph, node)]
    return [
        (name, row.found(matrix), max(len(np.unique(channel)) for channel in matrix))
        for name, matrix in zip(names, rows, strict=True)
        if name in pruned
    ]


def main() -> int:
    dense, whole = models.load(FASHION / "fashion.keras"), models.load_dataset(FASHION / "fashion.npz")
    data = replace(whole, x_train=whole.x_train[:TRAINED_ON], y_train=whole.y_train[:TRAINED_ON])
    chosen = [row for row in ROWS if row.method in sys.argv[1:]] or ROWS
    failed = False
    head("zeros in the int8 file", "method", "asked", "float", "way", "least found", "accuracy", "per layer")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row in chosen:
            result = prune(dense, data, row.method, training=EPOCHS, **row.settings)
            pruned = {kernel.layer for kernel in result.report.kernels}
            first = (row.method, share(row.asked), share(models.evaluate(result.model, data)))
            plain, aware = folder / "plain.tflite", folder / "aware.tflite"
            convert(result.model, data, "int8", plain)
            note = convert_aware(result.model, data, AWARE, aware, folder / row.method, teacher=dense).note
            for way, file in (("calibrated", plain), (note or "trained", aware)):
                layers = per_layer(file, result.model, row, pruned)
                least, most = min(found for _, found, _ in layers), max(values for _, _, values in layers)
                good = least >= row.asked and (row.values is None or most <= row.values)
                failed |= not good
                values = f", {most} values" if row.values else ""
                each = ", ".join(f"{layer} {share(found)}" for layer, found, _ in layers)
                show(
                    *first,
                    way,
                    f"{share(least)}{values}{'' if good else ' TOO FEW'}",
                    share(accuracy(file, data)),
                    each,
                )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
