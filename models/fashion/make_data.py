"""Write fashion.npz: a small, balanced, deterministic draw from the official Fashion-MNIST splits.

    python models/fashion/make_data.py --data /usr/share/datasets/fashion-mnist --out models/fashion/fashion.npz

Arrays: x_train, x_test uint8 [N, 28, 28, 1]; y_train, y_test uint8 [N]; scale, offset float32
(a pixel x means x * scale + offset, so 0 to 1).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from train import read_split

from edgeprune.models.dataset import write_npz

TRAIN_PER_CLASS = 1105
TEST_PER_CLASS = 250
SEED = 2017


def draw(labels: npt.NDArray[np.uint8], per_class: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Indices of `per_class` random examples of each class, in the order of the official file."""
    chosen = [rng.choice(np.flatnonzero(labels == label), per_class, replace=False) for label in range(10)]
    return np.sort(np.concatenate(chosen))


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official .gz files")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rng = np.random.default_rng(SEED)
    x_train, y_train = read_split(arguments.data, "train")
    x_test, y_test = read_split(arguments.data, "t10k")
    train, test = draw(y_train, TRAIN_PER_CLASS, rng), draw(y_test, TEST_PER_CLASS, rng)
    write_npz(
        arguments.out,
        {
            "x_train": x_train[train],
            "y_train": y_train[train],
            "x_test": x_test[test],
            "y_test": y_test[test],
            "scale": np.float32(1 / 255).reshape(()),
            "offset": np.float32(0).reshape(()),
        },
    )
    print(
        f"{arguments.out}: {len(train):,} training and {len(test):,} test images, "
        f"{arguments.out.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
