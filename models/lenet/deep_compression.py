"""Deep Compression (Han, Mao and Dally, arXiv 1510.00149) of LeNet-300-100 and LeNet-5: prune, cluster, entropy-code.

    python models/lenet/deep_compression.py --network lenet_300_100
    python models/lenet/deep_compression.py --network lenet_5
    python models/lenet/deep_compression.py --report

Trains each network on the 8,000 training images with three seeds, prunes and clusters it with the dense
network as the teacher, writes the compressed file, restores every weight from it, and counts errors on the
2,000 test images with the restored weights.  The ratio is that of four bytes for every parameter to the
whole file.  `--held-out` uses 1,000 training images in place of the test images.
`--data fashion` trains on Fashion-MNIST instead.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import lenet
import numpy as np

import edgeprune
from edgeprune.compress import decode_tensors, encode_tensors
from edgeprune.models import Dataset, FloatModel, evaluate
from edgeprune.models.functional import clone
from edgeprune.progress import SILENT
from edgeprune.prune import Training
from edgeprune.prune.weights.tickets import drawn

SEEDS = 3
HELD_OUT = 1000
RESULTS = lenet.HERE / "deep_compression.json"


@dataclass(frozen=True)
class Recipe:
    """What is done to one network.

    Attributes:
        epochs: Of the dense training.
        rate: Its learning rate.
        zeros: Share of zeros by layer.
        values: Different values by layer, zero among them.
        training: Of pruning and clustering; the dense network is trained with the same batches and augmentation.
        cluster_epochs: Epochs in which the shared values are trained.
        cluster_rate: Their learning rate.
    """

    epochs: int
    rate: float
    zeros: Mapping[str, float]
    values: Mapping[str, int]
    training: Training
    cluster_epochs: int
    cluster_rate: float


RECIPES = {
    "lenet_300_100": Recipe(
        epochs=30,
        rate=1.2e-3,
        zeros={"hidden_1": 0.935, "hidden_2": 0.87, "classes": 0.6},
        values={"hidden_1": 32, "hidden_2": 32, "classes": 32},
        training=Training(gradual_epochs=30, recovery_epochs=30, gradual_rate=2e-3, recovery_rate=2e-3),
        cluster_epochs=15,
        cluster_rate=5e-4,
    ),
    "lenet_5": Recipe(
        epochs=15,
        rate=1.2e-3,
        zeros={"conv_1": 0.4, "conv_2": 0.87, "hidden": 0.985, "classes": 0.8},
        values={"conv_1": 16, "conv_2": 16, "hidden": 16, "classes": 16},
        training=Training(gradual_epochs=12, recovery_epochs=12, gradual_rate=2e-3, recovery_rate=2e-3),
        cluster_epochs=6,
        cluster_rate=5e-4,
    ),
}


@dataclass(frozen=True)
class Result:
    """One seed of one network; errors are counts of wrong test images."""

    network: str
    seed: int
    images: int
    dense_errors: int
    pruned_errors: int
    clustered_errors: int
    restored_errors: int
    zeros: float
    float32_bytes: int
    file_bytes: int
    exact: bool

    @property
    def ratio(self) -> float:
        """How many times smaller the file is than four bytes per parameter."""
        return self.float32_bytes / self.file_bytes

    @property
    def points(self) -> float:
        """Error of the restored network over that of the dense one, in points of per cent."""
        return 100 * (self.restored_errors - self.dense_errors) / self.images


def train_dense(name: str, data: Dataset, recipe: Recipe, seed: int, work: Path) -> FloatModel:
    """The dense network, trained from labels."""
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.training.fit import fit

    fresh = FloatModel(drawn(lenet.NETWORKS[name](), seed), name, Path(name))
    batches = batches_for(fresh, data, replace(recipe.training, distillation=0.0, seed=seed))
    model = clone(fresh.model)
    fit(f"train {name}", model, batches, recipe.epochs, recipe.rate, work / f"{name}-{seed}", SILENT)
    return FloatModel(model, name, Path(name))


def compress(name: str, data: Dataset, recipe: Recipe, seed: int, work: Path) -> Result:
    """One seed: from random weights to the file and back."""
    dense = train_dense(name, data, recipe, seed, work)
    training = {**asdict(recipe.training), "seed": seed}
    pruned = edgeprune.prune(
        dense, data, "unstructured", work_dir=work, layers=recipe.zeros, updates=60, training=training
    ).model
    after = {**training, "recovery_epochs": recipe.cluster_epochs, "recovery_rate": recipe.cluster_rate}
    clustered = cluster(pruned, dense, data, {"layers": recipe.values, "training": after}, work)
    tensors = {f"{n}": w for n, w in enumerate(clustered.model.get_weights())}
    content = encode_tensors(tensors).content
    decoded = [tensor.values for tensor in decode_tensors(content)]
    exact = all(
        a.tobytes() == b.tobytes() and a.dtype == b.dtype for a, b in zip(decoded, tensors.values(), strict=True)
    )
    restored = lenet.NETWORKS[name]()
    restored.set_weights(decoded)
    models = (dense, pruned, clustered, FloatModel(restored, name, Path(name)))
    errors = [round((1 - evaluate(model, data)) * len(data.y_test)) for model in models]
    zeros = sum(int(np.sum(w == 0)) for w in decoded if w.ndim > 1) / sum(w.size for w in decoded if w.ndim > 1)
    size = 4 * sum(w.size for w in decoded)
    return Result(name, seed, len(data.y_test), *errors, zeros, size, len(content), exact)


def one_seed(name: str, data: Dataset, seed: int, work: Path) -> Result:
    """The result of one seed; one that an earlier run wrote is read."""
    file = work / f"{name}-{seed}.json"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(compress(name, data, RECIPES[name], seed, work))))
    return Result(**json.loads(file.read_text()))


def cluster(
    pruned: FloatModel, dense: FloatModel, data: Dataset, settings: Mapping[str, Any], work: Path
) -> FloatModel:
    """The pruned network with few values per kernel; it learns from the dense one."""
    from edgeprune.prune import steps_of

    (step,) = steps_of("cluster", settings, __file__)
    return step.pattern.run(pruned, data, step.settings, work, SILENT, dense).model


def table(results: list[Result]) -> str:
    """Markdown: a row per seed."""
    lines = [
        "| network | seed | zeros | float32 | file | smaller | dense error | pruned | clustered | restored | points |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        shares = (
            f"{100 * e / r.images:.2f} %"
            for e in (r.dense_errors, r.pruned_errors, r.clustered_errors, r.restored_errors)
        )
        lines.append(
            f"| {r.network} | {r.seed} | {100 * r.zeros:.1f} % | {r.float32_bytes:,} B | {r.file_bytes:,} B | "
            f"{r.ratio:.1f}x | {' | '.join(shares)} | {r.points:+.2f} |"
        )
    for network in dict.fromkeys(r.network for r in results):
        own = [r for r in results if r.network == network]
        lines.append(
            f"\n{network}: {np.mean([r.ratio for r in own]):.1f}x on average (least {min(r.ratio for r in own):.1f}x), "
            f"error {np.mean([r.points for r in own]):+.3f} points (most {max(r.points for r in own):+.2f}), "
            f"weights restored bit by bit: {all(r.exact for r in own)}"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=tuple(RECIPES))
    parser.add_argument("--data", choices=("mnist", "fashion"), default="mnist")
    parser.add_argument("--held-out", action="store_true", help="judge by training images that are left out")
    parser.add_argument("--seed", type=int, choices=range(SEEDS), help="only this one; others can run beside it")
    parser.add_argument("--report", action="store_true", help="only print the table")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "deep_compression"))
    arguments = parser.parse_args()
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if arguments.network:
        data = lenet.mnist() if arguments.data == "mnist" else lenet.fashion_mnist()
        data = lenet.held_out(data, HELD_OUT) if arguments.held_out else data
        work = arguments.work / f"{arguments.data}{'-held-out' * arguments.held_out}"
        chosen = range(SEEDS) if arguments.seed is None else [arguments.seed]
        results = [one_seed(arguments.network, data, seed, work) for seed in chosen]
        print(table(results), flush=True)
        if arguments.held_out or arguments.seed is not None:
            return
        known.setdefault(arguments.data, {})[arguments.network] = [asdict(result) for result in results]
        RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    elif not arguments.report:
        parser.error("give --network to run or --report to show what was found")
    for images, networks in known.items():
        print(f"\n{images}\n\n{table([Result(**row) for name in RECIPES for row in networks.get(name, [])])}")


if __name__ == "__main__":
    main()
