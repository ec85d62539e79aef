"""Models as people build them, for channel pruning: small real architectures with random weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.models.tensorflow import keras

layers = keras().layers
SIZE = 96
APPLICATIONS = (
    "ResNet50", "MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "DenseNet121", "Xception"
)  # fmt: skip


def randomise(model: Any, seed: int = 0) -> Any:
    """Biases, BatchNormalization and its statistics get values that matter; kernels keep their initial scale."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if hasattr(layer, "layers"):
            randomise(layer, seed)
            continue
        values = []
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True):
            name = variable.name.rsplit("/", 1)[-1]
            if value.ndim == 1 and value.dtype.kind == "f" and type(layer).__name__ != "Normalization":
                low, high = (0.5, 1.5) if "variance" in name or "gamma" in name else (-0.3, 0.3)
                values.append(rng.uniform(low, high, value.shape).astype(value.dtype))
            else:
                values.append(value)
        layer.set_weights(values)
    return model


def _bn_relu(x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _conv(x: Any, filters: int, size: int = 3, strides: int = 1) -> Any:
    return _bn_relu(layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x))


def _model(inputs: Any, outputs: Any, name: str) -> Any:
    return keras().Model(inputs, outputs, name=name)


def sequential_cnn() -> Any:
    return keras().Sequential(
        [
            layers.Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="sequential_cnn",
    )


def resnet8() -> Any:
    """The image classification model of MLPerf Tiny."""
    i = keras().Input((32, 32, 3))
    x = _conv(i, 16)
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(_conv(x, filters, 3, strides)))
        x = x if strides == 1 else layers.Conv2D(filters, 1, strides, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return _model(i, layers.Dense(10, activation="softmax")(x), "resnet8")


def unet() -> Any:
    x = i = keras().Input((64, 64, 3))
    skips = []
    for filters in (16, 32, 64):
        x = _conv(_conv(x, filters), filters)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = _conv(_conv(x, 128), 128)
    for filters, skip in zip((64, 32, 16), reversed(skips), strict=True):
        x = layers.Concatenate()([layers.Conv2DTranspose(filters, 2, 2, padding="same")(x), skip])
        x = _conv(_conv(x, filters), filters)
    return _model(i, layers.Conv2D(2, 1, activation="softmax")(x), "unet")


def se_net() -> Any:
    i = keras().Input((48, 48, 3))
    x = _conv(i, 32, 3, 2)
    for filters, strides in ((32, 1), (64, 2), (96, 2)):
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(_conv(x, filters, 3, strides)))
        gate = layers.Dense(filters // 8, activation="relu")(layers.GlobalAveragePooling2D()(y))
        gate = layers.Dense(filters, activation="sigmoid")(gate)
        y = layers.Multiply()([y, layers.Reshape((1, 1, filters))(gate)])
        x = x if strides == 1 else layers.Conv2D(filters, 1, strides, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return _model(i, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x)), "se_net")


def _encoder(name: str = "encoder") -> Any:
    i = keras().Input((32, 32, 1))
    x = layers.MaxPooling2D()(_conv(layers.MaxPooling2D()(_conv(i, 32)), 64))
    return keras().Model(i, layers.Dense(48, activation="relu")(layers.Flatten()(x)), name=name)


def siamese() -> Any:
    a, b, encoder = keras().Input((32, 32, 1)), keras().Input((32, 32, 1)), _encoder()
    one, two = encoder(a), encoder(b)
    x = layers.Concatenate()([abs(layers.Subtract()([one, two])), layers.Multiply()([one, two])])
    return _model([a, b], layers.Dense(1, activation="sigmoid")(x), "siamese")


def nested() -> Any:
    body = keras().Sequential([layers.Conv2D(48, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()])
    i = keras().Input((32, 32, 1))
    x = body(_conv(i, 32))
    return _model(
        i, layers.Dense(5, activation="softmax")(_encoder()(layers.Conv2D(1, 3, padding="same")(x))), "nested"
    )


def several_inputs() -> Any:
    """An image and a vector in; a class and a box out."""
    image, vector = keras().Input((32, 32, 3), name="image"), keras().Input((12,), name="vector")
    x = _conv(_conv(_conv(image, 24), 48, 3, 2), 64, 3, 2)
    scale = layers.Dense(64, activation="sigmoid")(layers.Dense(32, activation="relu")(vector))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 64))(scale)])
    x = layers.GlobalAveragePooling2D()(_conv(x, 64))
    y = layers.Dense(32, activation="relu")(layers.Concatenate()([x, vector]))
    outputs = [layers.Dense(10, activation="softmax", name="kind")(y), layers.Dense(4, name="box")(y)]
    return _model([image, vector], outputs, "several_inputs")


def conv1d_lstm() -> Any:
    i = keras().Input((32, 6))
    x = layers.MaxPooling1D()(layers.BatchNormalization()(layers.Conv1D(32, 5, padding="same", activation="relu")(i)))
    return _model(i, layers.Dense(6, activation="softmax")(layers.LSTM(48)(x)), "conv1d_lstm")


def conv1d_gru() -> Any:
    i = keras().Input((32, 6))
    x = layers.MaxPooling1D()(layers.Conv1D(32, 5, padding="same", activation="relu")(i))
    x = layers.Bidirectional(layers.GRU(32, return_sequences=True))(x)
    return _model(i, layers.Dense(6, activation="softmax")(layers.GRU(24)(x)), "conv1d_gru")


def _application(name: str, size: int = SIZE) -> Any:
    return getattr(keras().applications, name)(weights=None, input_shape=(size, size, 3), classes=10)


RECURRENT = frozenset({"Conv1D + LSTM", "Conv1D + GRU"})
MODELS: dict[str, Callable[[], Any]] = {
    "sequential CNN": sequential_cnn,
    "ResNet-8": resnet8,
    **{name: partial(_application, name) for name in APPLICATIONS},
    "U-Net": unet,
    "SE-net": se_net,
    "siamese": siamese,
    "nested": nested,
    "several inputs and outputs": several_inputs,
    "Conv1D + LSTM": conv1d_lstm,
    "Conv1D + GRU": conv1d_gru,
}
OTHERS: dict[str, Callable[[], Any]] = {
    "MobileNetV3Large": partial(_application, "MobileNetV3Large"),
    "ResNet50V2": partial(_application, "ResNet50V2"),
    "InceptionV3": partial(_application, "InceptionV3"),
    "InceptionResNetV2": partial(_application, "InceptionResNetV2"),
    "EfficientNetV2B0": partial(_application, "EfficientNetV2B0"),
    "NASNetMobile": partial(_application, "NASNetMobile"),
    "ConvNeXtTiny": lambda: keras().applications.convnext.ConvNeXtTiny(
        weights=None, input_shape=(SIZE, SIZE, 3), classes=10
    ),
    "RegNetX002": lambda: keras().applications.regnet.RegNetX002(weights=None, input_shape=(SIZE, SIZE, 3), classes=10),
    "RegNetY002": lambda: keras().applications.regnet.RegNetY002(weights=None, input_shape=(SIZE, SIZE, 3), classes=10),
    "VGG16": partial(_application, "VGG16"),
}

_KERAS3 = """
import os, sys
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np
name, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=10)
rng = np.random.default_rng(0)
for layer in model.layers:
    if type(layer).__name__ == "Normalization":
        continue
    for variable in layer.weights:
        if len(variable.shape) == 1 and "float" in str(variable.dtype):
            low, high = (0.5, 1.5) if variable.name in ("gamma", "moving_variance") else (-0.3, 0.3)
            variable.assign(rng.uniform(low, high, variable.shape).astype("float32"))
model.save(path)
"""


def save_keras3_application(name: str, path: Path) -> None:
    """Build an application with Keras 3 in a process of its own and save it as a .keras file."""
    command = [sys.executable, "-c", _KERAS3, name, str(path), str(SIZE)]
    subprocess.run(command, check=True, capture_output=True)
