"""Models that compute with the rounding of int8 while they train: TF-MOT's fake quantization.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

import warnings
from typing import Any

from edgeprune.errors import UnsupportedError
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, tensorflow

_tf = tensorflow()
_DECAY = 0.999  # of TF-MOT's moving averages of activation ranges
_PASSES = 12


def fake_quantized(model: Any) -> Any:
    """A copy of a flat tf-keras model in TF-MOT's quantization wrappers; `model` is not changed.

    Raises:
        UnsupportedError: TF-MOT does not know one of the layers.
    """
    api = _quantization()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return api.quantize_apply(api.quantize_annotate_model(clone(model)))
    except Exception as error:  # TF-MOT raises half a dozen classes for layers that it does not know
        odd = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UnsupportedError(f"TF-MOT cannot train {model.name!r} with int8 rounding ({odd[:200]})") from error


def settle_ranges(model: Any, inputs: Any) -> None:
    """Start the activation ranges where `inputs` put them.

    TF-MOT begins at -6 to 6 and moves by a thousandth per step, which short trainings never make up for.
    One pass with training on tells what a range would be, since the average's rule is linear; each range
    depends on those before it, so there are several passes.  Only the ranges change.

    Args:
        model: From `fake_quantized`.
        inputs: Real-valued float32 [N, ...]; one batch.
    """
    # The range of the inputs is no average: it takes in all it sees, and may keep it.
    others = [layer for layer in model.layers if type(layer).__name__ != "QuantizeLayer"]
    weights = {id(w): w for layer in others for w in layer.weights}.values()
    before = [(w, w.numpy()) for w in weights if not _is_range(w)]
    ranges = [w for w in weights if _is_range(w)]
    for _ in range(_PASSES):
        old = [w.numpy() for w in ranges]
        model(inputs, training=True)
        for weight, was in zip(ranges, old, strict=True):
            weight.assign((weight.numpy() - _DECAY * was) / (1 - _DECAY))
    for weight, was in before:
        weight.assign(was)


def _is_range(weight: Any) -> bool:
    """Whether this is the end of an activation's range (kernels' ranges are taken anew in each step)."""
    name = weight.name.split(":")[0].rpartition("/")[2]
    return name.endswith(("_min", "_max")) and "kernel" not in name


def load_fake(path: str) -> Any:
    """Read an .h5 file of a fake-quantized model (TF-MOT's wrappers do not survive .keras)."""
    with _quantization().quantize_scope():
        return keras().models.load_model(path, compile=False)


def _quantization() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_model_optimization as tfmot
    return tfmot.quantization.keras
