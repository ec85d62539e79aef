"""`make bench`: .tflite files made smaller without training.

    python tests/bench/compact.py [--cache FOLDER]

First without loss: outputs must be identical on 1,000 inputs, with XNNPACK and with LiteRT's
reference kernels.  Then on data, with what it costs in accuracy.  The trained MobileNetV1 0.25
is made on first use (about 5 minutes) and kept in the cache.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import ROOT, SHARED, head, show
from dying_mobilenet import FASHION, make

from edgeprune import models
from edgeprune.compact import Calibration, calibrated, lossless
from edgeprune.compact.activations import stored_inputs
from edgeprune.compact.verify import assert_same_outputs, probes
from edgeprune.graph import DType
from edgeprune.models import Dataset
from edgeprune.quantize import convert
from edgeprune.resources import cache_folder
from edgeprune.tflite import TfliteModel, read, read_bytes
from support.planted import plant_in

#: Random and extreme inputs, and real ones where there are data; 48 are the command's own.
_COUNT = 1000
_GOAL, _POINTS = 1.5, 1.0


def main() -> None:
    """Print both tables; fails where a figure misses its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=cache_folder("bench"))
    folder = parser.parse_args().cache
    found = list(_models(folder))
    head("Without loss", "model", "bytes", "after", "MAC", "after", "times", "identical on")
    for name, model, data in found:
        for share in (0.0, 0.1, 0.3):
            _print_lossless(name, model, share, data)
    head(
        "On data, no training", "model", "bytes", "after", "MAC", "after", "times", "accuracy", "after", "points (95 %)"
    )
    ratios = [_print_calibrated(name, model, data) for name, model, data in found if data is not None]
    assert max(ratios) >= _GOAL, ratios


def _models(folder: Path) -> Iterator[tuple[str, TfliteModel, Dataset | None]]:
    """Name, file and data of what is here."""
    if FASHION.is_dir():
        path, data = make(folder)
        yield "MobileNetV1 0.25, Fashion-MNIST 48 px", read(path), models.load_dataset(data)
    demo = models.load_dataset(ROOT / "models" / "fashion" / "fashion.npz")
    for scheme in ("int8", "none"):
        path = folder / f"fashion_{scheme}.tflite"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            convert(models.load(ROOT / "models" / "fashion" / "fashion.keras"), demo, scheme, path)
        yield f"fashion, {'float32' if scheme == 'none' else scheme}", read(path), demo
    others = [SHARED / "models" / name for name in ("kws_int8.tflite", "ic_int8.tflite")]
    words = importlib.util.find_spec("pymicro_wakeword")
    if words is not None and words.origin is not None:
        others += sorted(Path(words.origin).parent.glob("models/*.tflite"))
    yield from ((path.stem, read(path), None) for path in others if path.is_file())


def _print_lossless(name: str, model: TfliteModel, share: float, data: Dataset | None) -> None:
    """One row; with a share, that many channels are made constant first, where the layer's clamp permits it."""
    if share:
        if DType.FLOAT32 in {tensor.dtype for tensor in model.graph.input_tensors()}:
            return  # biases are planted as the integers of a quantized model
        try:
            model = read_bytes(plant_in(model.content, np.random.default_rng(1), share), model.graph.name)
        except (ValueError, IndexError):
            return  # no layer that channels can be planted in
    result = lossless(model)
    compared = 0
    if result.model is not model:
        tensors = model.graph.input_tensors()
        inputs = list(probes(tensors, _COUNT if data is None else _COUNT // 2))
        if data is not None:
            inputs += [[row] for row in stored_inputs(model.graph, data.real(data.x_test[: _COUNT // 2]))]
        compared = assert_same_outputs(model, result.model, inputs)
    title = f"{name}, {100 * share:.0f} % planted" if share else name
    times = f"{result.macs_before / max(result.macs_after, 1):.2f}"
    show(title, f"{result.bytes_before:,}", f"{result.bytes_after:,}", f"{result.macs_before:,}",
         f"{result.macs_after:,}", times, f"{compared:,}" if compared else "unchanged")  # fmt: skip


def _print_calibrated(name: str, model: TfliteModel, data: Dataset) -> float:
    """One row; returns the ratio, 0 where the test split lost more than the points allowed."""
    result = calibrated(model, data, Calibration(points=_POINTS))
    change, ratio = result.change, result.macs_before / result.macs_after
    points = f"{change.points:+.2f} ({change.low:+.2f} to {change.high:+.2f})"
    show(name, f"{result.bytes_before:,}", f"{result.bytes_after:,}", f"{result.macs_before:,}",
         f"{result.macs_after:,}", f"{ratio:.2f}", f"{100 * result.accuracy_before:.2f} %",
         f"{100 * result.accuracy_after:.2f} %", points)  # fmt: skip
    return ratio if change.points >= -_POINTS else 0.0


if __name__ == "__main__":
    main()
