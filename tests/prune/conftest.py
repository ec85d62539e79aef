"""A small trained classifier and its data, for tests that train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras


def blobs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images whose class is the quadrant that is bright."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    images = rng.normal(0, 0.4, (count, 8, 8, 1))
    for image, label in zip(images, labels, strict=True):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[row : row + 4, column : column + 4] += 1.0
    return np.clip(images * 60 + 60, 0, 255).astype(np.uint8), labels.astype(np.int64)


@pytest.fixture(scope="session")
def data() -> Dataset:
    x_train, y_train = blobs(512, 0)
    x_test, y_test = blobs(400, 1)
    return Dataset(x_train, y_train, x_test, y_test, scale=1 / 255)


@pytest.fixture(scope="session")
def trained(data: Dataset) -> FloatModel:
    k = keras()
    k.utils.set_random_seed(3)
    layers = k.layers
    i = k.Input((8, 8, 1), name="image")
    x = layers.ReLU(name="relu")(
        layers.BatchNormalization(name="bn")(layers.Conv2D(12, 3, padding="same", name="stem")(i))
    )
    y = layers.Conv2D(12, 1, name="branch")(layers.DepthwiseConv2D(3, padding="same", name="dw")(x))
    x = layers.ReLU(name="relu_2")(layers.Add(name="add")([x, y]))
    x = layers.Conv2D(16, 3, strides=2, activation="relu", name="tail")(x)
    model = k.Model(
        i, layers.Dense(4, activation="softmax", name="classes")(layers.Flatten(name="flat")(x)), name="blobs"
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(data.train_inputs(), data.y_train, batch_size=64, epochs=12, verbose=0)
    return FloatModel(model, "blobs", Path("blobs.keras"))
