"""Does channel pruning make a model faster on this host?  `python tests/bench/host.py [--rounds N]`

Half the channels of MobileNetV1 at 96 x 96 and of ResNet-8 at 32 x 32 go, and the dense and the
pruned model run in turns (A B B A) under each runtime, one thread on one CPU.  The last column is
the share of the saved multiply-accumulates that shows as time; it must be 0.8 at least.  These are
figures of this machine: they say nothing about a phone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import head, show

from edgeprune import ops, tflite
from edgeprune.measure import litert
from edgeprune.measure.rounds import abba, median
from edgeprune.measure.values import Origin
from edgeprune.models import FloatModel
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras
from edgeprune.prune.channels.allocation import keep_fraction
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.surgery import shrink
from edgeprune.quantize import Calibration, convert
from support import graph_models

_SHARE = 0.8


def mobilenet() -> Any:
    """MobileNetV1 for images of 96 x 96."""
    return keras().applications.MobileNet((96, 96, 3), weights=None, classes=10)


def files(build: Any, folder: Path, scheme: str) -> tuple[Path, Path]:
    """The .tflite of a model with random weights, and of the same with half its channels."""
    dense = clone(graph_models.randomise(build()))
    structure = analyse(dense)
    small = shrink(dense, structure, keep_fraction(dense, structure, 0.5, multiple=4))
    paths = (folder / f"dense_{scheme}.tflite", folder / f"half_{scheme}.tflite")
    for model, path in zip((dense, small), paths, strict=True):
        named = FloatModel(model, model.name, Path(model.name))
        convert(named, Calibration.random(named, 4), scheme, path)
    return paths


def macs(path: Path) -> int:
    """Multiply-accumulates of an inference, counted in the file."""
    graph = tflite.read(path).graph
    return sum(ops.layer_macs(graph, node) for node in graph.nodes)


def main() -> int:
    """Print the table; 1 where a ratio is too small."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4, help="turns of each model")
    rounds = parser.parse_args().rounds
    head("This host, one thread", "model", "type", "runtime", "dense ms (95 %)", "half ms (95 %)", "faster", "MAC",
         "share")  # fmt: skip
    failed = False
    for build in (mobilenet, graph_models.resnet8):
        for scheme in ("none", "int8"):
            with tempfile.TemporaryDirectory() as folder:
                pair = files(build, Path(folder), scheme)
                saved = macs(pair[0]) / macs(pair[1])
                for runtime in litert.runtimes():
                    times: tuple[list[float], list[float]] = ([], [])
                    for number in abba(2, rounds):
                        found = litert.benchmark(pair[number], runtime, 1)
                        assert found.latency is not None
                        times[number].append(found.latency.value)
                    figures = [median(values, "ms", "host", Origin.MEASURED) for values in times]
                    faster = statistics.median(times[0]) / statistics.median(times[1])
                    failed |= faster < _SHARE * saved
                    cells = [f"{f.value:.3f} ({f.low:.3f} to {f.high:.3f})" for f in figures]
                    show(build.__name__, "float32" if scheme == "none" else scheme, runtime, *cells, f"{faster:.2f}",
                         f"{saved:.2f}", f"{faster / saved:.2f}")  # fmt: skip
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
