"""Layer classes of the user, so that model files that hold them can be read."""

from __future__ import annotations

from typing import Any

from edgeprune.errors import UserError
from edgeprune.models.tensorflow import keras

_layers: dict[str, type] = {}


def register_layer(layer: type) -> None:
    """Let model files contain this layer class, under its class name.

    Raises:
        UserError: It is not a layer class of Keras 2 (tf-keras).
    """
    if not (isinstance(layer, type) and issubclass(layer, keras().layers.Layer)):
        raise UserError(f"{layer!r} is not a layer class of tf-keras; derive it from tf_keras.layers.Layer")
    _layers[layer.__name__] = layer


def custom_objects() -> dict[str, Any]:
    """All registered classes by the names under which files may call them."""
    return dict(_layers)
