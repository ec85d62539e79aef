"""Rebuilds a Keras 3 model in tf-keras, layer by layer, and proves that it computes the same.

TF-MOT refuses Keras 3 models and tf-keras cannot read their files.  So the file is
opened with Keras 3, every layer is made anew from its cleaned configuration, weights
are copied by order with their shapes checked, and both models are compared on random
input.  Initialisers, regularisers and constraints are left behind: they shape training
from scratch, not what the model computes.
"""

from __future__ import annotations

import inspect
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import ModelError
from edgeprune.models.tensorflow import keras, tensorflow

#: Largest difference allowed between both models, relative to the largest output.
TOLERANCE = 1e-5

#: Operations of keras.ops, by their class, as paths of the TensorFlow functions that do the same.
_OPERATORS = {
    "Add": "math.add",
    "Subtract": "math.subtract",
    "Multiply": "math.multiply",
    "Divide": "math.divide",
    "TrueDivide": "math.divide",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Sigmoid": "math.sigmoid",
    "Tanh": "math.tanh",
    "Silu": "nn.silu",
}

_RENAMED = {"LeakyReLU": {"negative_slope": "alpha"}}
_TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")


def convert(path: Path) -> Any:
    """Read the Keras 3 file at `path` and return the equal tf-keras model.

    Raises:
        ModelError: The file cannot be read, a layer cannot be rebuilt in Keras 2, or the
            two models differ by more than `TOLERANCE` on random input.
    """
    tensorflow()
    import keras as keras3

    try:
        original = keras3.models.load_model(path, compile=False)
    except Exception as error:  # Keras has no common error class: any failure means this file cannot be read
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"{path}: cannot be loaded as a Keras 3 model ({reason[:200]}); export it again") from error
    rebuilt = _Rebuilder(path).build(original)
    _compare(path, original, rebuilt)
    return rebuilt


class _Rebuilder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._layers: dict[int, Any] = {}
        self._pairs: list[tuple[Any, Any]] = []

    def build(self, original: Any) -> Any:
        """The tf-keras model with the original's weights."""
        if not hasattr(original, "_nodes_by_depth") and not hasattr(original, "_functional"):
            raise ModelError(
                f"{self._path}: model {original.name!r} is subclassed, so it has no layers to rebuild in Keras 2; "
                "save it as a functional or Sequential model"
            )
        inputs = [
            keras().Input(batch_shape=tuple(t.shape), dtype=t.dtype, name=t.name.split(":")[0]) for t in original.inputs
        ]
        outputs = self._repeat(original, inputs)
        for old, new in self._pairs:
            self._copy_weights(old, new)
        return keras().Model(
            inputs[0] if len(inputs) == 1 else inputs, outputs[0] if len(outputs) == 1 else outputs, name=original.name
        )

    def _repeat(self, model: Any, inputs: list[Any]) -> list[Any]:
        graph = getattr(model, "_functional", None) or model
        tensors = {id(old): new for old, new in zip(graph.inputs, inputs, strict=True)}
        nest = tensorflow().nest
        for depth in sorted(graph._nodes_by_depth, reverse=True):
            for node in graph._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                args, kwargs = nest.map_structure(
                    lambda t: tensors.get(id(t), t), (node.arguments.args, node.arguments.kwargs)
                )
                operation = node.operation
                if hasattr(operation, "_nodes_by_depth") or hasattr(operation, "_functional"):
                    results = self._repeat(operation, nest.flatten(args))
                else:
                    results = nest.flatten(self._call(operation, args, kwargs))
                tensors.update({id(old): new for old, new in zip(node.outputs, results, strict=True)})
        return [tensors[id(t)] for t in graph.outputs]

    def _call(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kind = type(operation).__name__
        try:
            if not hasattr(operation, "get_config") or ".ops." in type(operation).__module__:
                return attrgetter(_OPERATORS[kind])(tensorflow())(*args)
            kwargs = {name: value for name, value in kwargs.items() if value is not None}
            return self._layer(operation)(*args, **kwargs)
        except ModelError:
            raise
        except Exception as error:  # whatever Keras 2 raises, the message is that this layer stops the conversion
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ModelError(
                f"{self._path}: layer {operation.name!r} ({kind}) of this Keras 3 model cannot be rebuilt in Keras 2, "
                f"which pruning needs ({reason[:150]}); replace the layer or train the model with tf-keras"
            ) from error

    def _layer(self, old: Any) -> Any:
        if id(old) not in self._layers:
            new = _make(old)
            self._layers[id(old)] = new
            self._pairs.append((old, new))
        return self._layers[id(old)]

    def _copy_weights(self, old: Any, new: Any) -> None:
        values = [np.asarray(w) for w in old.weights if "seed_generator" not in getattr(w, "path", "")]
        if type(new).__name__ == "Normalization":
            new.finalize_state()  # mean and variance are in its configuration
            return
        shapes, wanted = [v.shape for v in values], [tuple(w.shape) for w in new.weights]
        if shapes != wanted:
            raise ModelError(
                f"{self._path}: layer {old.name!r} ({type(old).__name__}) has weights {shapes} in Keras 3 and "
                f"{wanted} in Keras 2, so it cannot be converted; replace the layer or train the model with tf-keras"
            )
        new.set_weights(values)


def _make(old: Any) -> Any:
    """A tf-keras layer with the configuration of the Keras 3 layer `old`."""
    kind = type(old).__name__
    layer_class = getattr(keras().layers, kind, None)
    if layer_class is None:
        raise ValueError("Keras 2 has no such layer")
    config = _clean(old.get_config())
    for before, after in _RENAMED.get(kind, {}).items():
        if before in config:
            config[after] = config.pop(before)
    if kind in ("Bidirectional", "TimeDistributed"):
        inner = {"layer": _make(old.forward_layer if kind == "Bidirectional" else old.layer)}
        extra = {"merge_mode": config["merge_mode"]} if kind == "Bidirectional" else {}
        return layer_class(**inner, **extra, name=old.name)
    known = _parameters(layer_class)
    if config.get("activation") == "hard_sigmoid" or config.get("recurrent_activation") == "hard_sigmoid":
        raise ValueError("hard_sigmoid is x / 6 + 0.5 in Keras 3 and x / 5 + 0.5 in Keras 2")
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        config.pop("seed", None)
    return layer_class.from_config({name: value for name, value in config.items() if name in known})


def _parameters(layer_class: type) -> set[str]:
    """Names that the constructors of the class and of its bases accept, plus Keras's common ones."""
    names = {"name", "trainable", "dtype"}
    for base in inspect.getmro(layer_class):
        names.update(inspect.signature(base).parameters if base is not object else ())
    return names - {"self", "args", "kwargs"}


def _clean(config: dict[str, Any]) -> dict[str, Any]:
    """Configuration without what Keras 2 does not know or what matters to training only."""
    cleaned: dict[str, Any] = {}
    for name, value in config.items():
        if name.endswith(_TRAINING_ONLY):
            continue
        if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
            cleaned[name] = value["config"]["name"]
        elif isinstance(value, dict) and "class_name" in value and name.endswith("activation"):
            cleaned[name] = value["config"] if isinstance(value["config"], str) else value["class_name"].lower()
        else:
            cleaned[name] = value
    return cleaned


def _compare(path: Path, original: Any, rebuilt: Any) -> None:
    rng = np.random.default_rng(0)
    inputs = []
    for tensor in rebuilt.inputs:
        shape = (4, *(n or 16 for n in tensor.shape[1:]))
        whole = tensor.dtype.is_integer
        inputs.append(rng.integers(0, 2, shape) if whole else rng.standard_normal(shape).astype(np.float32))
    flatten = tensorflow().nest.flatten
    feed = inputs[0] if len(inputs) == 1 else inputs
    pairs = zip(flatten(original(feed)), flatten(rebuilt(feed)), strict=True)
    for want, have in pairs:
        reference, value = np.asarray(want, np.float64), np.asarray(have, np.float64)
        error = float(np.max(np.abs(reference - value)) / max(float(np.max(np.abs(reference))), 1e-12))
        if not error <= TOLERANCE:
            raise ModelError(
                f"{path}: rebuilt in Keras 2 the model's output differs by {error:.1e} of its largest value (allowed: "
                f"{TOLERANCE:.0e}), so a layer behaves differently there; train the model with tf-keras"
            )
