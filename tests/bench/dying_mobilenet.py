"""A trained int8 MobileNetV1 0.25 whose channels died in training, as they do in practice, and its data.

Adam with L2 penalties leaves many filters of a ReLU network at zero (Mehta, Kim, Theobalt,
On Implicit Filter Level Sparsity in Convolutional Neural Networks, CVPR 2019), so this is what a
network trained with the usual recipe looks like to a compiler.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT

from edgeprune import models
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.quantize import convert

sys.path.insert(0, str(ROOT / "models" / "fashion"))
from train import read_split

FASHION = Path("/usr/share/datasets/fashion-mnist")
_EDGE, _BATCH, _EPOCHS = 48, 128, 8
_PENALTIES = ("kernel_regularizer", "depthwise_regularizer", "gamma_regularizer")
_CALIBRATION = 8000


def make(folder: Path) -> tuple[Path, Path]:
    """The model and an .npz of 8,000 training and all 10,000 test images; made once, several minutes."""
    path, data = folder / "mobilenet_v1_025_int8.tflite", folder / "fashion_48.npz"
    if path.is_file() and data.is_file():
        return path, data
    folder.mkdir(parents=True, exist_ok=True)
    splits = [read_split(FASHION, split) for split in ("train", "t10k")]
    (images, labels), (x_test, y_test) = ((_enlarged(x), y) for x, y in splits)
    chosen = np.random.default_rng(0).choice(len(images), _CALIBRATION, replace=False)
    arrays = {"x_train": images[chosen], "y_train": labels[chosen], "x_test": x_test, "y_test": y_test}
    np.savez(data, **arrays, scale=np.float32(1 / 255), offset=np.float32(0))
    _trained(images, labels).save(folder / "mobilenet.keras")
    convert(models.load(folder / "mobilenet.keras"), models.load_dataset(data), "int8", path)
    return path, data


def _enlarged(images: np.ndarray) -> np.ndarray:
    """Pixels [N, 28, 28, 1] scaled to the edge that leaves MobileNet something to see at its end."""
    rows = tensorflow().image.resize(images, (_EDGE, _EDGE)).numpy()
    return np.rint(rows).astype(np.uint8)


def _trained(images: np.ndarray, labels: np.ndarray) -> Any:
    tf = tensorflow()
    keras().utils.set_random_seed(1)
    plain = keras().applications.MobileNet((_EDGE, _EDGE, 1), alpha=0.25, weights=None, classes=10, dropout=0.05)
    model = keras().models.clone_model(plain, clone_function=_penalized)
    steps = _EPOCHS * (len(images) // _BATCH)
    model.compile(
        keras().optimizers.Adam(keras().optimizers.schedules.CosineDecay(4e-3, steps)),
        keras().losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images), seed=1)
    data = data.map(lambda x, y: (tf.cast(x, tf.float32) / 255, y)).batch(_BATCH, drop_remainder=True).prefetch(2)
    model.fit(data, epochs=_EPOCHS, verbose=2)
    plain.set_weights(model.get_weights())  # without penalties and the optimizer's state
    return plain


def _penalized(layer: Any) -> Any:
    """A copy of the layer, its filters and the scales of its normalization under an L2 penalty."""
    config = layer.get_config()
    for name in _PENALTIES:
        if name in config:
            config[name] = keras().regularizers.L2(1e-4)
    return type(layer).from_config(config)


if __name__ == "__main__":
    made = make(Path(sys.argv[1]))
    sys.stdout.write(f"{made[0]} {made[1]}\n")
