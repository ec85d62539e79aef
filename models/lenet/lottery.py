"""The lottery ticket curve (Frankle and Carbin, arXiv 1803.03635, section 2) of LeNet-300-100, five seeds.

    python models/lenet/lottery.py --data mnist
    python models/lenet/lottery.py --data fashion
    python models/lenet/lottery.py --report

Each round trains the network, removes a fifth of every kernel's remaining weights (of the output
layer's a tenth) by magnitude, and rewinds the rest to where they began.  The control trains the
same masks from weights that are drawn anew.  Setting of the paper: Adam at 0.0012, batches of 60,
Glorot normal, early stopping at the smallest validation loss.  Each seed's results are written
when they are there, so an interrupted run continues.  `--report` makes lottery.svg and the table from lottery.json.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per core is faster than threads on small matrices

import dense_training
import lenet
import numpy as np
from dense_training import Examples, Flags, Floats, Network, Schedule

from edgeprune.models import Dataset
from edgeprune.prune.weights.rules import Unstructured
from edgeprune.prune.weights.tickets import Rounds, drawn, rounds_to

SHARE, ROUNDS, SEEDS = 0.2, 13, 5
RESULTS = lenet.HERE / "lottery.json"
PLOT = lenet.HERE / "lottery.svg"


@dataclass(frozen=True)
class Experiment:
    """One data set's part.

    Attributes:
        title: In the plot.
        schedule: How long to train.
        validation: Images of the training split that validate.
        controls: Rounds that have a control.
    """

    title: str
    schedule: Schedule
    validation: int
    controls: tuple[int, ...]


EXPERIMENTS = {
    "mnist": Experiment("MNIST, 10,000 images", Schedule(3000, 100), 1000, (1, 3, 5, 7, 9, 10, 11, 13)),
    "fashion": Experiment("Fashion-MNIST", Schedule(4000, 200), 5000, (3, 6, 9, 12)),
}


@dataclass(frozen=True)
class Point:
    """One training: the round, the share of weights that remain, ticket or control, and what came of it."""

    round: int
    remaining: float
    control: bool
    best_step: int
    best_accuracy: float
    final_accuracy: float


@dataclass(frozen=True, eq=False)
class Job:
    """One seed: the weights that it begins with, and new ones for each round's control."""

    name: str
    seed: int
    begin: list[Floats]
    again: list[list[Floats]]


def data_of(name: str) -> Dataset:
    """The data set of that name."""
    return lenet.mnist() if name == "mnist" else lenet.fashion_mnist()


def curve(job: Job) -> list[Point]:
    """All rounds of one seed."""
    experiment, data = EXPERIMENTS[job.name], data_of(job.name)
    x, labels = data.train_inputs().reshape(len(data.x_train), -1), data.y_train
    cut = len(x) - experiment.validation
    training, validation = Examples(x[:cut], labels[:cut]), Examples(x[cut:], labels[cut:])
    test = Examples(data.test_inputs().reshape(len(data.x_test), -1), data.y_test)
    kernels = job.begin[::2]
    rounds = rounds_to(SHARE, [1.0] * (len(kernels) - 1) + [0.5], ROUNDS)
    masks: list[Flags] = [np.ones(kernel.shape, bool) for kernel in kernels]
    points = []

    def run(done: int, weights: Sequence[Floats], control: bool) -> list[Floats]:
        network = Network(weights, masks, experiment.schedule.rate)
        seed = (job.seed, done, int(control))
        result = dense_training.train(network, training, validation, test, experiment.schedule, seed)
        left = sum(int(mask.sum()) for mask in masks) / sum(mask.size for mask in masks)
        points.append(Point(done, left, control, result.best_step, result.best_accuracy, result.final_accuracy))
        return result.weights

    for done in range(ROUNDS + 1):
        trained = run(done, job.begin, control=False)
        if done in experiment.controls:
            run(done, job.again[done], control=True)
        masks = next_masks(trained[::2], rounds, done + 1)
    return points


def next_masks(kernels: Sequence[Floats], rounds: Rounds, done: int) -> list[Flags]:
    """What stays of trained kernels after `done` rounds; weights that are zero already go first."""
    return [Unstructured(rounds.zeros(number, done)).mask(kernel) for number, kernel in enumerate(kernels)]


def run_all(name: str, work: Path, workers: int, seeds: Sequence[int]) -> list[list[Point]]:
    """The curves of all seeds, some at the same time; those that an earlier run wrote are read."""
    model = lenet.lenet_300_100()
    jobs = []
    for seed in seeds:
        weights = [drawn(model, 1000 * seed + number).get_weights() for number in range(ROUNDS + 1)]
        jobs.append(Job(name, seed, weights[0], weights))
    files = [work / f"{name}-{job.seed}.json" for job in jobs]
    missing = [(job, file) for job, file in zip(jobs, files, strict=True) if not file.exists()]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        running = {pool.submit(curve, job): (job, file) for job, file in missing}
        for done in as_completed(running):
            job, file = running[done]
            file.write_text(json.dumps([asdict(point) for point in done.result()]))
            print(f"{name}, seed {job.seed}: {len(done.result())} trainings", flush=True)
    return [[Point(**point) for point in json.loads(file.read_text())] for file in files]


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=tuple(EXPERIMENTS), help="run the experiment on these images")
    parser.add_argument("--seed", type=int, choices=range(SEEDS), help="only this one; others can run beside it")
    parser.add_argument("--report", action="store_true", help="only print the tables and draw the plot")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "lottery"), help="finished seeds")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if arguments.data:
        arguments.work.mkdir(parents=True, exist_ok=True)
        chosen = range(SEEDS) if arguments.seed is None else [arguments.seed]
        found = run_all(arguments.data, arguments.work, arguments.workers, chosen)
        if arguments.seed is not None:
            return
        known[arguments.data] = [[asdict(point) for point in points] for points in found]
        RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    elif not arguments.report:
        parser.error("give --data to run or --report to show what was found")
    from lottery_report import draw, table

    results = {name: [[Point(**p) for p in seed] for seed in known[name]] for name in EXPERIMENTS if name in known}
    for name, seeds in results.items():
        print(table(EXPERIMENTS[name].title, seeds))
    draw({EXPERIMENTS[name].title: seeds for name, seeds in results.items()}, PLOT)
    print(f"wrote {PLOT}")


if __name__ == "__main__":
    main()
