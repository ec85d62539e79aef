"""Rebuilds a tf-keras model in Keras 3, so that users of Keras 3 get back what they came with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import ModelError
from edgeprune.models.compare import random_inputs, worst_difference
from edgeprune.models.functional import calls
from edgeprune.models.keras3 import configs, operations, weights
from edgeprune.models.keras3.activations import compose_keras2
from edgeprune.models.keras3.incoming import TOLERANCE
from edgeprune.models.keras3.load import load_file
from edgeprune.models.tensorflow import keras, muted, tensorflow


def translate(model: Any) -> Any:
    """The functional Keras 3 model that computes what the flat tf-keras model computes.

    Raises:
        ModelError: A layer has no counterpart in Keras 3; it is named.
    """
    import keras as keras3

    builder = _Builder()
    tensors: dict[int, Any] = {
        id(old): keras3.Input(batch_shape=tuple(old.shape), dtype=old.dtype.name, name=name)
        for name, old in zip(model.input_names, model.inputs, strict=True)
    }
    inputs = list(tensors.values())
    for call in calls(model):
        if call.is_input:
            continue
        args, kwargs = tensorflow().nest.map_structure(lambda t: tensors.get(id(t), t), (call.args, call.kwargs))
        results = builder.call(call.layer, args, kwargs)
        tensors.update({id(old): new for old, new in zip(call.outputs, results, strict=True)})
    outputs = [tensors[id(t)] for t in model.outputs]
    made = keras3.Model(
        inputs[0] if len(inputs) == 1 else inputs, outputs[0] if len(outputs) == 1 else outputs, name=model.name
    )
    builder.copy_weights()
    return made


def write(model: Any, path: Path) -> None:
    """Write a flat tf-keras model as a Keras 3 file, read it back and compare.

    Raises:
        ModelError: A layer has no counterpart in Keras 3, or what the file holds differs from the model by more than
            `TOLERANCE` on random input.
    """
    made = translate(model)
    with muted():
        made.save(path)
    try:
        read = load_file(path)
    except ModelError as error:
        advice = "choose .keras" if path.suffix == ".h5" else "write the model for Keras 2"
        raise ModelError(f"Keras 3 cannot read back the {path.suffix} that it wrote; {advice}") from error
    with muted():
        compare(model, read, TOLERANCE)


def compare(model: Any, other: Any, allowed: float) -> None:
    """Check that a Keras 3 model computes what the tf-keras model does; the first layer that differs is named.

    Raises:
        ModelError: They differ by more than `allowed` of the largest output.
    """
    flatten = tensorflow().nest.flatten
    inputs = random_inputs(model)
    feed = inputs[0] if len(inputs) == 1 else inputs
    error = worst_difference(flatten(model(feed, training=False)), flatten(other(feed, training=False)))
    if not error <= allowed:
        raise ModelError(
            f"model {model.name!r}: in Keras 3 its output differs by {error:.1e} of its largest value (allowed: "
            f"{allowed:.0e}); {_first_difference(model, other, feed, allowed)}"
        )


def _first_difference(model: Any, other: Any, feed: Any, allowed: float) -> str:
    """The first layer of both models, by name, whose output differs."""
    import keras as keras3

    flatten = tensorflow().nest.flatten
    names = {layer.name: layer for layer in other.layers if len(layer._inbound_nodes) == 1}
    for layer in model.layers:
        if layer.name not in names or len(layer.inbound_nodes) != 1 or isinstance(layer, keras().layers.InputLayer):
            continue
        ours = keras().Model(model.inputs, layer.output)(feed, training=False)
        theirs = keras3.Model(other.inputs, names[layer.name].output)(feed, training=False)
        if not worst_difference(flatten(ours), flatten(theirs)) <= allowed:
            return f"layer {layer.name!r} ({type(layer).__name__}) is the first that differs"
    return "no single layer differs"


class _Builder:
    def __init__(self) -> None:
        self._layers: dict[int, tuple[Any, str | None]] = {}
        self._pairs: list[tuple[Any, Any]] = []

    def call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Repeat one call on Keras 3 tensors."""
        import keras as keras3

        try:
            return list(keras3.tree.flatten(self._repeat(layer, args, kwargs)))
        except Exception as error:  # whatever Keras 3 raises, the message is that this layer stops the export
            raise _fault(layer, error) from error

    def _repeat(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if hasattr(layer, "symbol"):
            return operations.to_keras3(layer, args, kwargs)
        if id(layer) not in self._layers:
            self._layers[id(layer)] = configs.to_keras3(layer)
            self._pairs.append((layer, self._layers[id(layer)][0]))
        new, follows = self._layers[id(layer)]
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        args = tuple(np.asarray(a) if isinstance(a, tensorflow().Tensor) else a for a in args)
        results = new(*args, **kwargs)
        return results if follows is None else compose_keras2(follows, results)

    def copy_weights(self) -> None:
        """Give every new layer the weights of the one it was made from."""
        for old, new in self._pairs:
            _copy_weights(old, new)


def _copy_weights(old: Any, new: Any) -> None:
    try:
        weights.copy(old, new)
    except ValueError as error:
        raise _fault(old, error) from error


def _fault(layer: Any, error: Exception) -> ModelError:
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return ModelError(
        f"layer {layer.name!r} ({type(layer).__name__}) has no counterpart in Keras 3 ({reason[:150]}); "
        "write the model for Keras 2"
    )
