"""Train the demonstration model: a depthwise-separable CNN for Fashion-MNIST.

    python models/fashion/train.py --data /usr/share/datasets/fashion-mnist --out models/fashion/fashion.keras
    python models/fashion/train.py --data /usr/share/datasets/fashion-mnist --evaluate models/fashion/fashion.keras

`--data` is the folder of the four official .gz files.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.models.tensorflow import keras, tensorflow

#: Channels after the stem and after each separable block, with the block's stride.
STEM = 32
BLOCKS = ((64, 1), (64, 1), (128, 2), (128, 1), (160, 1))


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one gzipped IDX file of bytes (the format of the MNIST family)."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    shape = np.frombuffer(raw, ">i4", rank, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_split(folder: Path, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images [N, 28, 28, 1] and labels [N] of the split `train` or `t10k`."""
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz")
    return images[..., None], read_idx(folder / f"{split}-labels-idx1-ubyte.gz")


def separable_block(x: Any, filters: int, stride: int, index: int) -> Any:
    """Depthwise 3x3 and pointwise convolution; added to its input where the shapes agree."""
    layers = keras().layers
    shortcut = x if stride == 1 and x.shape[-1] == filters else None
    x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"depthwise_{index}")(x)
    x = layers.BatchNormalization(name=f"depthwise_{index}_bn")(x)
    x = layers.ReLU(name=f"depthwise_{index}_relu")(x)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"pointwise_{index}")(x)
    x = layers.BatchNormalization(name=f"pointwise_{index}_bn")(x)
    if shortcut is not None:
        x = layers.Add(name=f"residual_{index}")([shortcut, x])
    return layers.ReLU(name=f"pointwise_{index}_relu")(x)


def build() -> Any:
    """The untrained network: input float [0, 1] of shape (28, 28, 1), output 10 probabilities."""
    layers = keras().layers
    image = keras().Input((28, 28, 1), name="image")
    x = layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name="stem")(image)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.ReLU(name="stem_relu")(x)
    for index, (filters, stride) in enumerate(BLOCKS, start=1):
        x = separable_block(x, filters, stride, index)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(10, activation="softmax", name="classes")(x)
    return keras().Model(image, x, name="fashion")


def augment(images: Any, labels: Any) -> tuple[Any, Any]:
    """Flip half the images of a batch left to right and shift each batch by up to two pixels."""
    tf = tensorflow()
    flip = tf.random.uniform([tf.shape(images)[0], 1, 1, 1]) < 0.5
    images = tf.where(flip, images[:, :, ::-1], images)
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]])
    top, left = tf.random.uniform([], 0, 5, tf.int32), tf.random.uniform([], 0, 5, tf.int32)
    return padded[:, top : top + 28, left : left + 28], labels


def train(folder: Path, out: Path, epochs: int, batch: int, seed: int) -> None:
    """Train on the 60,000 official images and save the model without its optimizer."""
    tf = tensorflow()
    keras().utils.set_random_seed(seed)
    images, labels = read_split(folder, "train")
    one_hot = np.eye(10, dtype=np.float32)[labels]
    data = (
        tf.data.Dataset.from_tensor_slices((images.astype(np.float32) / 255, one_hot))
        .shuffle(len(images), seed=seed)
        .batch(batch, drop_remainder=True)
        .map(augment)
        .map(lambda x, y: (tf.ensure_shape(x, (batch, 28, 28, 1)), y))
        .prefetch(2)
    )
    model = build()
    rate = keras().optimizers.schedules.CosineDecay(
        0.0, epochs * (len(images) // batch), 0.0, warmup_target=4e-3, warmup_steps=len(images) // batch
    )
    model.compile(
        keras().optimizers.AdamW(rate, weight_decay=1e-3),
        keras().losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
    )
    model.fit(data, epochs=epochs, verbose=2)
    clean = build()  # saved without compile state: the file holds the network only
    clean.set_weights(model.get_weights())
    clean.save(out)
    evaluate(folder, out)


def evaluate(folder: Path, path: Path) -> None:
    """Print the accuracy on the 10,000 official test images."""
    model = keras().models.load_model(path, compile=False)
    images, labels = read_split(folder, "t10k")
    predicted = model.predict(images.astype(np.float32) / 255, batch_size=500, verbose=0).argmax(-1)
    print(f"accuracy on {len(labels):,} official test images: {np.mean(predicted == labels):.4f}")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official .gz files")
    parser.add_argument("--out", type=Path, help="where to save the trained model")
    parser.add_argument("--evaluate", type=Path, metavar="MODEL", help="only measure this model")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    if arguments.evaluate is not None:
        evaluate(arguments.data, arguments.evaluate)
    elif arguments.out is not None:
        train(arguments.data, arguments.out, arguments.epochs, arguments.batch, arguments.seed)
    else:
        parser.error("give --out to train or --evaluate to measure")


if __name__ == "__main__":
    main()
