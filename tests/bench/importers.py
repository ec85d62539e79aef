"""Every model of keras.applications and many layers: Keras 3 -> tf-keras -> Keras 3, and by how much outputs differ.

python tests/bench/importers.py [NAME ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgeprune.errors import EdgepruneError
from edgeprune.models.compare import random_inputs, worst_difference
from edgeprune.models.keras3 import keras3, to_keras2, to_keras3
from edgeprune.models.tensorflow import tensorflow

#: Smallest input sides; a model that is not here takes 32.
_SIDES = {"Xception": 71, "InceptionV3": 75, "InceptionResNetV2": 75, "NASNetLarge": 331, "NASNetMobile": 224}
#: Slow giants of families that have small members here.
_SKIPPED = {"EfficientNetB6", "EfficientNetB7", "EfficientNetV2L", "ConvNeXtLarge", "ConvNeXtXLarge", "NASNetLarge"}


def models() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names and makers."""
    k = keras3()
    for name in sorted(dir(k.applications)):
        if name[0].isupper() and name not in _SKIPPED:
            side = _SIDES.get(name, 32)
            yield (
                name,
                lambda name=name, side=side: getattr(k.applications, name)(
                    weights=None, input_shape=(side, side, 3), classes=10
                ),
            )


def _measure(make: Callable[[], Any]) -> tuple[int, float, float]:
    flatten = tensorflow().nest.flatten
    original = make()
    rng = np.random.default_rng(0)
    for weight in original.weights:
        if weight.dtype.startswith("float") and len(weight.shape) == 1:  # not all 0 and 1, which hide mistakes
            weight.assign(np.asarray(weight) + 0.1 * np.abs(rng.standard_normal(weight.shape)))
    two = to_keras2(original, "model")
    back = to_keras3(two)
    inputs = random_inputs(two)
    feed = inputs[0] if len(inputs) == 1 else inputs
    wanted = flatten(original(feed, training=False))
    there = worst_difference(wanted, flatten(two(feed, training=False)))
    again = worst_difference(wanted, flatten(back(feed, training=False)))
    return len(two.layers), there, again


def main() -> int:
    """Print the table; 1 where a model cannot make the way there and back."""
    wanted, failed = set(sys.argv[1:]), 0
    sys.stdout.write(f"{'model':24s} {'layers':>6s} {'in':>9s} {'back':>9s} {'seconds':>8s}\n")
    for name, make in models():
        if wanted and name not in wanted:
            continue
        start = time.perf_counter()
        try:
            layers, there, again = _measure(make)
            result = f"{layers:6d} {there:9.1e} {again:9.1e}"
        except (EdgepruneError, ValueError) as error:
            result, failed = str(error), failed + 1
        sys.stdout.write(f"{name:24s} {result} {time.perf_counter() - start:8.1f}\n")
        sys.stdout.flush()
        keras3().backend.clear_session()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
