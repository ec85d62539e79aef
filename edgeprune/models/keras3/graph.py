"""Walking the graph of a Keras 3 model, nested models included."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

#: Repeats one call of a layer or operation: (operation, args, kwargs) -> its results.
Repeat = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


def is_layer(operation: Any) -> bool:
    """Whether this is a layer rather than a function of `keras.ops`."""
    import keras as keras3

    return isinstance(operation, keras3.layers.Layer)


def functional(model: Any) -> Any | None:
    """The layer graph of a functional or Sequential model, or None where there is none."""
    graph = getattr(model, "_functional", None) or model
    return graph if hasattr(graph, "_nodes_by_depth") else None


def repeat(model: Any, inputs: list[Any], call: Repeat) -> list[Any]:
    """Repeat all calls of the model, in an order in which they can run, and return the results for its outputs.

    Args:
        model: A functional or Sequential Keras 3 model; nested ones are opened on the way.
        inputs: One value or symbolic tensor for each of `model.inputs`.
        call: Repeats a call on the new values.
    """
    import keras as keras3

    tree = keras3.tree
    graph = functional(model)
    assert graph is not None
    tensors = {id(old): new for old, new in zip(graph.inputs, inputs, strict=True)}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            args, kwargs = tree.map_structure(
                lambda t: tensors.get(id(t), t), (node.arguments.args, node.arguments.kwargs)
            )
            if is_layer(node.operation) and functional(node.operation) is not None:
                given = [tensors[id(t)] for t in node.input_tensors]
                results = repeat(node.operation, _ordered(node, given), call)
            else:
                results = tree.flatten(call(node.operation, args, _given(node.operation, kwargs)))
            tensors.update({id(old): new for old, new in zip(node.outputs, results, strict=True)})
    return [tensors[id(t)] for t in graph.outputs]


def _given(operation: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments without a `training` that is only the default: augmentation layers have True there."""
    if "training" not in kwargs:
        return kwargs
    default = inspect.signature(operation.call).parameters["training"].default
    return {name: value for name, value in kwargs.items() if name != "training" or value != default}


def _ordered(node: Any, given: list[Any]) -> list[Any]:
    """Inputs of a nested model in the order of its own inputs: a dictionary may name them in another."""
    first = node.arguments.args[0] if node.arguments.args else None
    names = getattr(functional(node.operation), "_inputs_struct", None)
    if not isinstance(first, dict) or not isinstance(names, dict):
        return given
    values = {id(t): value for t, value in zip(node.input_tensors, given, strict=True)}
    by_input = {id(names[name]): values[id(first[name])] for name in names}
    return [by_input[id(t)] for t in functional(node.operation).inputs]  # type: ignore[union-attr]


def run(model: Any, inputs: list[Any], seen: Callable[[Any, Any], None]) -> list[Any]:
    """Run the model on real values as at inference and hand each call's operation and results to `seen`."""

    def call(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if getattr(operation, "_call_has_training_arg", False):
            kwargs = {"training": False, **{name: value for name, value in kwargs.items() if value is not None}}
        results = operation(*args, **kwargs)
        seen(operation, results)
        return results

    return repeat(model, inputs, call)


@contextlib.contextmanager
def single_precision(model: Any) -> Iterator[None]:
    """Let all layers compute in float32 for a while: half precision serves training, and hides differences."""
    import keras as keras3

    kept = [
        (layer, layer.dtype_policy)
        for layer in model._flatten_layers()
        if layer.compute_dtype in ("float16", "bfloat16")
    ]
    for layer, _ in kept:
        layer.dtype_policy = keras3.DTypePolicy("float32")
    try:
        yield
    finally:
        for layer, policy in kept:
            layer.dtype_policy = policy
