"""Activation functions that the two Kerases do not share, built of pieces that both have.

| function | Keras 2 | Keras 3 | what is built |
|---|---|---|---|
| hard_sigmoid | clip(x / 5 + 0.5, 0, 1) | relu6(x + 3) / 6 | the source's formula in the other's operations |
| hard_silu, hard_swish | none | x * relu6(x + 3) / 6 | the formula |
| relu6, leaky_relu, log_softmax, log_sigmoid, hard_tanh, celu, squareplus, tanh_shrink | none | own | the formula |
| silu, swish | swish | silu | renamed |
| relu, elu, selu, gelu, tanh, sigmoid, softmax, softplus, softsign, exponential, mish, linear | same | same | nothing |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeprune.models.tensorflow import tensorflow

#: Activations by their Keras 2 and their Keras 3 name.
_RENAMED = {"swish": "silu"}

#: What both Kerases compute alike under one name.
SHARED = frozenset(
    {"linear", "relu", "elu", "selu", "gelu", "tanh", "sigmoid", "softmax", "softplus", "softsign", "exponential",
     "mish"}
)  # fmt: skip

_Settings = Mapping[str, Any]


def _hard_sigmoid(tf: Any, x: Any, _: _Settings) -> Any:
    # A product, because the int8 division of TFLite does not exist.
    return tf.math.multiply(tf.nn.relu6(tf.math.add(x, 3.0)), 1.0 / 6.0)


def _hard_silu(tf: Any, x: Any, settings: _Settings) -> Any:
    return tf.math.multiply(x, _hard_sigmoid(tf, x, settings))


def _celu(tf: Any, x: Any, settings: _Settings) -> Any:
    alpha = float(settings.get("alpha", 1.0))
    below = tf.math.subtract(tf.math.exp(tf.math.divide(tf.math.minimum(x, 0.0), alpha)), 1.0)
    return tf.math.add(tf.nn.relu(x), tf.math.multiply(below, alpha))


def _elu(tf: Any, x: Any, settings: _Settings) -> Any:
    alpha = float(settings.get("alpha", 1.0))
    below = tf.math.subtract(tf.math.exp(tf.math.minimum(x, 0.0)), 1.0)
    return tf.math.add(tf.nn.relu(x), tf.math.multiply(below, alpha))


def _squareplus(tf: Any, x: Any, settings: _Settings) -> Any:
    root = tf.math.sqrt(tf.math.add(tf.math.square(x), float(settings.get("b", 4))))
    return tf.math.multiply(tf.math.add(x, root), 0.5)


def _leaky_relu(tf: Any, x: Any, settings: _Settings) -> Any:
    return tf.nn.leaky_relu(x, alpha=float(settings.get("negative_slope", 0.2)))


_COMPOSED: dict[str, Callable[[Any, Any, _Settings], Any]] = {
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "hard_swish": _hard_silu,
    "celu": _celu,
    "elu": _elu,
    "squareplus": _squareplus,
    "leaky_relu": _leaky_relu,
    "relu6": lambda tf, x, _: tf.nn.relu6(x),
    "log_softmax": lambda tf, x, _: tf.nn.log_softmax(x, axis=-1),
    "log_sigmoid": lambda tf, x, _: tf.math.negative(tf.math.softplus(tf.math.negative(x))),
    "hard_tanh": lambda tf, x, _: tf.clip_by_value(x, -1.0, 1.0),
    "tanh_shrink": lambda tf, x, _: tf.math.subtract(x, tf.math.tanh(x)),
}

#: Operations of `keras.ops` that are such functions, by class.
AS_OPERATIONS = {
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "Celu": "celu",
    "Elu": "elu",
    "Squareplus": "squareplus",
    "LogSigmoid": "log_sigmoid",
    "HardTanh": "hard_tanh",
    "TanhShrink": "tanh_shrink",
}


def compose(name: str, x: Any, settings: _Settings) -> Any:
    """Keras 3's activation `name` of a tf-keras tensor, out of TensorFlow functions."""
    return _COMPOSED[name](tensorflow(), x, settings)


def for_keras2(name: str) -> tuple[str, str | None]:
    """The activation that a Keras 2 layer gets for Keras 3's `name`, and what must follow the layer, if anything.

    Raises:
        ValueError: There is no way to build it.
    """
    back = {new: old for old, new in _RENAMED.items()}
    if name in SHARED or name in back:
        return back.get(name, name), None
    if name in _COMPOSED:
        return "linear", name
    raise ValueError(f"Keras 2 has no activation {name!r}")


def for_keras3(name: str) -> tuple[str, str | None]:
    """The activation that a Keras 3 layer gets for Keras 2's `name`, and what must follow the layer, if anything.

    Raises:
        ValueError: There is no way to build it.
    """
    if name == "hard_sigmoid":
        return "linear", name
    if name in SHARED or name in _RENAMED or name in _COMPOSED:
        return _RENAMED.get(name, name), None
    raise ValueError(f"Keras 3 has no activation {name!r}")


def compose_keras2(name: str, x: Any) -> Any:
    """Keras 2's activation `name` of a Keras 3 tensor, out of `keras.ops`."""
    import keras as keras3

    if name != "hard_sigmoid":
        raise ValueError(f"Keras 3 has no activation {name!r}")
    return keras3.ops.clip(keras3.ops.add(keras3.ops.multiply(x, 0.2), 0.5), 0.0, 1.0)
