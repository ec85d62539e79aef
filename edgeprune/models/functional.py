"""Walking the layer graph of a Keras 2 model, and building it anew with other layers.

Flattening nested models and removing channels are the same walk: every call of
a layer is repeated, in order, on a layer that a function makes from the old one.
The original model is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edgeprune.errors import ModelError
from edgeprune.models.tensorflow import keras, tensorflow

#: (old layer, arguments, keyword arguments) -> the arguments of the new layer's call.
Rewrite = Callable[[Any, Any, Any], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of one layer; a shared layer has several.

    Attributes:
        layer: The layer (a tf-keras layer object).
        inputs: The symbolic tensors it takes, in the order of its arguments.
        outputs: The symbolic tensors it gives.
        args, kwargs: The call's arguments, constants included.
    """

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def is_input(self) -> bool:
        """Whether this is a model input rather than a computation."""
        return bool(isinstance(self.layer, keras().layers.InputLayer))


def _check_graph(model: Any) -> None:
    if not getattr(model, "_is_graph_network", False):
        raise ModelError(
            f"model {model.name!r} is not built from connected layers (it is subclassed or was never given an input "
            "shape), so its channels cannot be followed; rebuild it with the functional API or as a Sequential model"
        )


def calls(model: Any) -> Iterator[Call]:
    """All layer calls of a functional or Sequential model, in an order in which they can run.

    Raises:
        ModelError: The model is subclassed, so that it has no graph to walk.
    """
    _check_graph(model)
    flatten = tensorflow().nest.flatten
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            yield Call(
                layer=node.layer,
                inputs=tuple(node.keras_inputs),
                outputs=tuple(flatten(node.outputs)),
                args=tuple(node.call_args),
                kwargs=dict(node.call_kwargs),
            )


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A model built anew, and which of its layers stands for which layer of the original."""

    model: Any
    pairs: tuple[tuple[Any, Any], ...]


class _Builder:
    """Repeats calls on new layers; nested models are opened on the way."""

    def __init__(self, make: Callable[[Any], Any], arguments: Rewrite) -> None:
        self._make = make
        self._arguments = arguments
        self._made: dict[int, Any] = {}
        self._names: set[str] = set()
        self.pairs: list[tuple[Any, Any]] = []

    def layer(self, old: Any, prefix: str) -> Any:
        """The new layer for `old`, made at its first call; a name that is taken gets the outer model's name."""
        if id(old) not in self._made:
            new = self._make(old)
            name, count = new.name, 1
            while name in self._names:
                name = f"{prefix or 'model'}_{new.name}" + (f"_{count}" if count > 1 else "")
                count += 1
            self._names.add(name)
            new._name = name
            self._made[id(old)] = new
            self.pairs.append((old, new))
        return self._made[id(old)]

    def repeat(self, model: Any, inputs: list[Any], training: bool | None, prefix: str) -> list[Any]:
        """Repeat all calls of `model` on new input tensors and return the new output tensors."""
        tf = tensorflow()
        tensors = {id(old): new for old, new in zip(model.inputs, inputs, strict=True)}
        for call in calls(model):
            if call.is_input:
                continue
            args, kwargs = tf.nest.map_structure(lambda t: tensors.get(id(t), t), (call.args, call.kwargs))
            if isinstance(call.layer, keras().Model):
                inner = kwargs.get("training", training)
                given = [tensors[id(t)] for t in call.inputs]
                results = self.repeat(call.layer, given, inner, f"{prefix}_{call.layer.name}".strip("_"))
            else:
                if training is not None and call.layer._call_spec.expects_training_arg:
                    kwargs.setdefault("training", training)
                args, kwargs = self._arguments(call.layer, args, kwargs)
                results = tf.nest.flatten(self.layer(call.layer, prefix)(*args, **kwargs))
            tensors.update({id(old): new for old, new in zip(call.outputs, results, strict=True)})
        return [tensors[id(t)] for t in model.outputs]


def _unchanged(layer: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    return args, kwargs


def rebuild(model: Any, make: Callable[[Any], Any], arguments: Rewrite = _unchanged) -> Rebuilt:
    """Build a flat functional model whose layers are `make(layer)` of the original's layers.

    Args:
        model: Functional or Sequential tf-keras model; it is not changed.
        make: Gives a fresh layer for each layer that is not an input or a nested model.
        arguments: Gives the arguments of a call from the old layer and the call's arguments, in
            which the tensors are already the new model's.

    Returns:
        The new model with freshly initialised weights, and the pairs (old layer, new layer).

    Raises:
        ModelError: The model has no layer graph.
    """
    _check_graph(model)
    builder = _Builder(make, arguments)
    inputs = []
    for name, tensor in zip(model.input_names, model.inputs, strict=True):
        builder._names.add(name)
        inputs.append(keras().Input(batch_shape=tuple(tensor.shape), dtype=tensor.dtype, name=name))
    outputs = builder.repeat(model, inputs, None, "")
    single = len(outputs) == 1 and not isinstance(model.output, (list, tuple))
    new = keras().Model(inputs[0] if len(inputs) == 1 else inputs, outputs[0] if single else outputs, name=model.name)
    return Rebuilt(new, tuple(builder.pairs))


def config_of(layer: Any) -> dict[str, Any]:
    """The layer's configuration, with the user's own activations as they are: none can be read back."""
    config = dict(layer.get_config())
    for key, value in config.items():
        function = getattr(layer, key, None) if key.endswith("activation") and isinstance(value, dict) else None
        if callable(function) and not isinstance(function, keras().layers.Layer):
            config[key] = function
    return config


def same(layer: Any) -> Any:
    """A fresh layer with the same configuration."""
    return layer.__class__.from_config(config_of(layer))


def _same_in_float32(layer: Any) -> Any:
    """A fresh layer with the same configuration that computes in float32: half precision serves training."""
    config = config_of(layer)
    policy = getattr(layer, "dtype_policy", None)
    if policy is not None and str(policy.compute_dtype) in ("float16", "bfloat16"):
        config["dtype"] = "float32"
    return layer.__class__.from_config(config)


def clone(model: Any) -> Any:
    """A flat functional copy of `model` with its own copies of the weights, in float32.

    Raises:
        ModelError: The model has no layer graph.
    """
    rebuilt = rebuild(model, _same_in_float32)
    for old, new in rebuilt.pairs:
        new.set_weights(old.get_weights())
        if isinstance(new, keras().layers.Normalization):
            new.finalize_state()  # it computes with copies of its weights
    return rebuilt.model
