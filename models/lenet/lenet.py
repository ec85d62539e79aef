"""The two networks of LeCun et al. (1998) as pruning papers train them, and the images they are trained on."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.models import Dataset, load_dataset
from edgeprune.models.tensorflow import keras

HERE = Path(__file__).resolve().parent
#: Where Debian's package `dataset-fashion-mnist` puts the four official files.
FASHION = Path("/usr/share/datasets/fashion-mnist")
CLASSES = 10


def lenet_300_100() -> Any:
    """LeNet-300-100, untrained: two hidden layers of ReLU; 266,610 parameters."""
    layers = keras().layers
    image = keras().Input((28, 28, 1), name="image")
    x = layers.Flatten(name="flat")(image)
    for name, units in (("hidden_1", 300), ("hidden_2", 100)):
        x = layers.Dense(units, activation="relu", kernel_initializer="glorot_normal", name=name)(x)
    x = layers.Dense(CLASSES, activation="softmax", kernel_initializer="glorot_normal", name="classes")(x)
    return keras().Model(image, x, name="lenet_300_100")


def lenet_5() -> Any:
    """LeNet-5 as Caffe has it (20 and 50 filters of 5 x 5, 500 hidden units), untrained; 431,080 parameters."""
    layers = keras().layers
    image = keras().Input((28, 28, 1), name="image")
    x = layers.MaxPooling2D(name="pool_1")(layers.Conv2D(20, 5, name="conv_1")(image))
    x = layers.MaxPooling2D(name="pool_2")(layers.Conv2D(50, 5, name="conv_2")(x))
    x = layers.Dense(500, activation="relu", name="hidden")(layers.Flatten(name="flat")(x))
    return keras().Model(image, layers.Dense(CLASSES, activation="softmax", name="classes")(x), name="lenet_5")


NETWORKS: dict[str, Callable[[], Any]] = {"lenet_300_100": lenet_300_100, "lenet_5": lenet_5}


def mnist() -> Dataset:
    """The 10,000-image subset of MNIST in this folder: 8,000 training and 2,000 test images."""
    return load_dataset(HERE / "mnist.npz")


def fashion_mnist(folder: Path = FASHION) -> Dataset:
    """Fashion-MNIST in full, 60,000 training and 10,000 test images, from a folder of the official .gz files."""
    splits = {split: _split(folder, split) for split in ("train", "t10k")}
    return Dataset(*splits["train"], *splits["t10k"], scale=1 / 255, source=folder)


def held_out(data: Dataset, count: int) -> Dataset:
    """The training images only: the last `count` of them as the test, for choices that must not see the real one."""
    return replace(
        data,
        x_train=data.x_train[:-count],
        y_train=data.y_train[:-count],
        x_test=data.x_train[-count:],
        y_test=data.y_train[-count:],
    )


def _split(folder: Path, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Images [N, 28, 28, 1] and labels [N] of one split."""
    images = _read_idx(folder / f"{split}-images-idx3-ubyte.gz")
    return images[..., None], _read_idx(folder / f"{split}-labels-idx1-ubyte.gz").astype(np.int64)


def _read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one gzipped IDX file of bytes (the format of the MNIST family)."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    shape = np.frombuffer(raw, ">i4", rank, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)
