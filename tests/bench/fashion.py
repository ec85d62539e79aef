"""Does channel pruning make the demonstration model faster at equal accuracy, and does the compiler's price help?

`python tests/bench/fashion.py --data FOLDER` prunes `models/fashion/fashion.keras` to a quarter of its
cycles on a Cortex-M4, with the same fraction from every layer and with the channels that cost most,
on all 60,000 training images and with several seeds.  Each result is quantized to int8, built, run on
the emulated core and judged on all 10,000 test images.  The shipped network was trained for 10 epochs
only, so the table also says what it would reach with as much training as the pruned ones.  FOLDER holds
the four official .gz files (Debian: `dataset-fashion-mnist` puts them into /usr/share/datasets/fashion-mnist).
Results are kept in --work, so an interrupted run continues.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from common import ROOT, head, show

import edgeprune
from edgeprune import models, tflite
from edgeprune.measure import litert
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.board import run_on_board
from edgeprune.models import Dataset, FloatModel
from edgeprune.models.functional import clone
from edgeprune.prune import Training
from edgeprune.quantize import convert
from edgeprune.targets import load_target

TARGET = "cortex-m4"
RATE = 0.01


class Lines:
    """Progress as lines, for logs."""

    def start(self, task: str, total: int | None) -> None:
        sys.stderr.write(f"# {task}\n")

    def advance(self, steps: int = 1, note: str = "") -> None:
        sys.stderr.write(f"#   {note}\n")

    def finish(self) -> None:
        """Nothing more to say."""


def everything(folder: Path) -> Dataset:
    """Fashion-MNIST in full."""
    sys.path.append(str(ROOT / "models" / "fashion"))
    from train import read_split

    (x_train, y_train), (x_test, y_test) = (read_split(folder, split) for split in ("train", "t10k"))
    return Dataset(x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64), scale=1 / 255)


def judge(model: FloatModel, data: Dataset, folder: Path) -> dict[str, float]:
    """Accuracy and emulated cycles of the int8 model."""
    convert(model, data, "int8", folder / "model.tflite")
    quantized = tflite.read(folder / "model.tflite")
    right = litert.scores(quantized, data.test_inputs()).argmax(-1) == data.y_test
    firmware = edgeprune.build_firmware(quantized, load_target(TARGET), folder / "firmware", profile=False)
    ran = run_on_board(firmware, "emulator", random_batch(quantized.graph.input_tensors(), 1), 2, layers=False)
    assert ran.result.cycles is not None
    return {"accuracy": float(right.mean()), "cycles": ran.result.cycles.value}


def kept(path: Path, make: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The figures in a file, made first where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make()))
    figures: dict[str, float] = json.loads(path.read_text())
    return figures


def main() -> None:
    """Prune, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--work", type=Path, default=Path("fashion-bench"), help="results and checkpoints")
    parser.add_argument("--ratio", type=float, default=4.0, help="times fewer cycles, as the planner estimates them")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=24)
    asked = parser.parse_args()
    data = everything(asked.data)
    dense = models.load(ROOT / "models" / "fashion" / "fashion.keras")
    base = kept(asked.work / "dense" / "figures.json", lambda: judge(dense, data, asked.work / "dense"))
    head("Fashion-MNIST on a Cortex-M4", "allocation", "seed", "accuracy, int8", "change", "cycles", "times fewer")
    show("dense", "", f"{100 * base['accuracy']:.2f} %", "", f"{base['cycles']:,.0f}", "")

    def training(seed: int) -> Training:
        # Labels alone: the dense network's outputs hold its pupils back, since it has not learned all it could.
        return Training(
            gradual_epochs=2, recovery_epochs=asked.epochs, recovery_rate=RATE, distillation=0.0,
            flip=True, shift=2, seed=seed,
        )  # fmt: skip

    def longer(folder: Path) -> dict[str, float]:
        from edgeprune.prune.training.batches import batches_for
        from edgeprune.prune.training.fit import fit

        student = clone(dense.model)
        batches = batches_for(dense, data, training(1))
        fit("dense", student, batches, asked.epochs, RATE, folder / "checkpoints", Lines())
        return judge(dense.derived(student, "longer"), data, folder)

    def one(allocation: str, seed: int, folder: Path) -> dict[str, float]:
        result = edgeprune.prune(
            dense, data, "channel", budget=(f"cycles/{asked.ratio}",), allocation=allocation, target=TARGET,
            training=asdict(training(seed)), work_dir=folder / "checkpoints", progress=Lines(),
        )  # fmt: skip
        models.save(result.model, folder / "model.keras")
        return judge(result.model, data, folder)

    found: dict[str, list[dict[str, float]]] = {"cost": [], "uniform": []}
    for seed in range(1, asked.seeds + 1):
        for allocation, rows in found.items():
            folder = asked.work / f"{allocation}-{seed}-of-{asked.ratio:g}-in-{asked.epochs}"
            rows.append(kept(folder / "figures.json", lambda a=allocation, s=seed, f=folder: one(a, s, f)))
            report(allocation, str(seed), [rows[-1]], base)
    for allocation, rows in found.items():
        report(allocation, "all", rows, base)
    folder = asked.work / f"dense-in-{asked.epochs}"
    report("dense, trained as long", "1", [kept(folder / "figures.json", lambda: longer(folder))], base)


def report(allocation: str, seed: str, rows: list[dict[str, float]], base: dict[str, float]) -> None:
    """One row of the table: the mean over seeds, with the standard error where there are several."""
    accuracy, cycles = (statistics.fmean(row[key] for row in rows) for key in ("accuracy", "cycles"))
    spread = statistics.stdev(row["accuracy"] for row in rows) / len(rows) ** 0.5 if len(rows) > 1 else 0.0
    change = f"{100 * (accuracy - base['accuracy']):+.2f}" + (f" ± {100 * spread:.2f}" if len(rows) > 1 else "")
    show(allocation, seed, f"{100 * accuracy:.2f} %", change, f"{cycles:,.0f}", f"{base['cycles'] / cycles:.2f}")


if __name__ == "__main__":
    main()
