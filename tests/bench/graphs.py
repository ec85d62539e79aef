"""Channel pruning on real graphs: `python tests/bench/graphs.py [--only NAME] [--no-convert]`.

Each model has its real architecture and random weights, BatchNormalization's statistics included.
Half the channels of every removable group go (L1), and the shrunk model is compared with the
masked one before the output's activation.  The second table starts from Keras 3's applications,
saved to a file and loaded as a user's file is; the third from applications beyond the asked ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests are no package

from common import ROOT, head, show

from edgeprune import models
from edgeprune.errors import EdgepruneError
from edgeprune.models import FloatModel
from edgeprune.models.compare import random_inputs
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import tensorflow
from edgeprune.prune.channels.allocation import keep_fraction
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.structure import Structure
from edgeprune.prune.channels.surgery import masked, shrink
from edgeprune.prune.channels.verify import TOLERANCE, without_output_activation
from edgeprune.quantize import Calibration, convert
from support import graph_models

_MACS_RATIO = 2.5
_COLUMNS = (
    "model", "M MACs before", "after", "ratio", "k parameters before", "after", "barriers", "max difference",
    "relative", "int8", "analysis s",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One row: what was found, and whether it is as asked."""

    cells: tuple[str, ...]
    reasons: tuple[str, ...]
    fault: str | None


def _differences(a: Any, b: Any) -> tuple[float, float]:
    """Largest absolute difference of two models' outputs, and relative to the largest value."""
    inputs = random_inputs(a)
    feed = inputs[0] if len(inputs) == 1 else inputs
    flatten = tensorflow().nest.flatten
    absolute = relative = 0.0
    for want, have in zip(flatten(a(feed, training=False)), flatten(b(feed, training=False)), strict=True):
        error, scale = float(np.max(np.abs(want - have))), float(np.max(np.abs(want)))
        absolute, relative = max(absolute, error), max(relative, error / max(scale, 1e-12))
    return absolute, relative


def _quantized(model: FloatModel, folder: Path) -> str:
    try:
        result = convert(model, Calibration.random(model, 4), "int8", folder / "model.tflite")
    except EdgepruneError as error:
        return f"no: {str(error).split(': ', 1)[-1]}"
    return f"{result.nbytes / 1000:.0f} kB"


def _reasons(structure: Structure) -> tuple[str, ...]:
    """Barriers, equal ones counted once with their number."""
    found: dict[tuple[str, str], list[str]] = {}
    for barrier in structure.barriers:
        found.setdefault((barrier.kind, barrier.reason), []).append(barrier.layer)
    return tuple(f"{names[0]} ({kind}) x {len(names)}: {reason}" for (kind, reason), names in found.items())


def prune_half(model: FloatModel, ratio: float, convert_to: Path | None) -> Outcome:
    """Take half the channels out of a model and compare."""
    start = time.perf_counter()
    structure = analyse(model.model)
    took = time.perf_counter() - start
    cost, everything = Cost.of(model.model, structure), structure.keep_all()
    keep = keep_fraction(model.model, structure, 0.5)
    reference = without_output_activation(masked(model.model, structure, keep))
    small = shrink(model.model, structure, keep)
    absolute, relative = _differences(reference, without_output_activation(small))
    before, after = cost.macs(everything), cost.macs(keep)
    int8 = _quantized(FloatModel(small, model.name, model.source), convert_to) if convert_to else "not tried"
    sizes = (cost.parameters(everything) / 1e3, cost.parameters(keep) / 1e3)
    cells = (
        *(f"{number:.2f}" for number in (before / 1e6, after / 1e6, before / after)),
        *(f"{number:.0f}" for number in sizes),
        str(len(structure.barriers)),
        *(f"{number:.1e}" for number in (absolute, relative)),
        int8,
        f"{took:.1f}",
    )
    fault = None
    if small.count_params() != cost.parameters(keep):
        fault = "the shrunk model has other parameters than were counted"
    elif not max(absolute, relative) <= TOLERANCE:
        fault = f"the difference is above {TOLERANCE:.0e}"
    elif before / after < ratio:
        fault = f"MACs fall by less than {ratio}x"
    return Outcome(cells, _reasons(structure), fault)


def _built(build: Callable[[], Any]) -> FloatModel:
    model = clone(graph_models.randomise(build()))
    return FloatModel(model, model.name, Path(model.name))


def _through_keras3(name: str, folder: Path) -> FloatModel:
    path = folder / f"{name}.keras"
    graph_models.save_keras3_application(name, path)
    return models.load(path)


def _table(
    title: str, rows: Sequence[tuple[str, Callable[[], FloatModel], float]], only: str | None, converting: bool
) -> list[str]:
    """Print one table and its barriers; returns what is not as asked."""
    rows = [row for row in rows if only is None or only.lower() in row[0].lower()]
    if not rows:
        return []
    head(title, *_COLUMNS)
    faults, notes = [], []
    for name, make, ratio in rows:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcome = prune_half(make(), ratio, Path(folder) if converting else None)
            except EdgepruneError as error:
                show(name, str(error))
                faults.append(f"{title}, {name}: {error}")
                continue
        show(name, *outcome.cells)
        notes += [f"- {name}: {reason}" for reason in outcome.reasons]
        if outcome.fault is not None:
            faults.append(f"{title}, {name}: {outcome.fault}")
        tensorflow().keras.backend.clear_session()
    sys.stdout.write("\nBarriers besides inputs and outputs:\n" + "\n".join(notes or ["- none"]) + "\n")
    sys.stdout.flush()
    return faults


def main() -> int:
    """Print all tables; 1 where something is not as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="models whose name contains this")
    parser.add_argument("--no-convert", action="store_true", help="do not convert the shrunk models to int8")
    options = parser.parse_args()
    converting = not options.no_convert
    tensorflow().config.threading.set_intra_op_parallelism_threads(2)
    faults = []
    asked = [
        (name, lambda b=build: _built(b), 0.0 if name in graph_models.RECURRENT else _MACS_RATIO)
        for name, build in graph_models.MODELS.items()
    ]
    faults += _table("Keras 2", asked, options.only, converting)
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache" if (ROOT / ".cache").is_dir() else None) as name:
        folder = Path(name)
        third = [
            (f"{n} (Keras 3)", lambda n=n: _through_keras3(n, folder), _MACS_RATIO) for n in graph_models.APPLICATIONS
        ]
        faults += _table("Keras 3 applications", third, options.only, converting)
    others = [(name, lambda b=build: _built(b), 0.0) for name, build in graph_models.OTHERS.items()]
    faults += _table("Other applications of Keras 2", others, options.only, converting)
    sys.stdout.write("\n" + ("\n".join(faults) if faults else "All as asked.") + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
