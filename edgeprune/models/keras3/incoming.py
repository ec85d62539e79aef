"""Rebuilds a Keras 3 model in tf-keras, layer by layer, and proves that it computes the same.

TF-MOT refuses Keras 3 models and tf-keras cannot read their files.  So every layer is made anew
from its translated configuration, weights are copied, and both models are compared on random
input; where they differ, the first layer that does is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeprune.errors import ModelError
from edgeprune.models.compare import random_inputs, worst_difference
from edgeprune.models.keras3 import configs, graph, operations, weights
from edgeprune.models.keras3.activations import compose
from edgeprune.models.tensorflow import keras, muted, tensorflow

#: Largest difference allowed between both models, relative to the largest output.
TOLERANCE = 1e-5
#: And after each layer, where rounding may add up for a while; a layer that behaves differently is far above.
_LAYER_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class _Step:
    """One call: the Keras 3 operation and the tf-keras tensors it became."""

    operation: Any
    results: tuple[Any, ...]


def translate(original: Any, where: str) -> Any:
    """The flat functional tf-keras model that computes what the Keras 3 model computes.

    Args:
        original: A functional or Sequential Keras 3 model; it is only read.
        where: The file or name that messages begin with.

    Raises:
        ModelError: The model is subclassed or quantized, a layer cannot be rebuilt, or the two models differ by
            more than `TOLERANCE` on random input.
    """
    if graph.functional(original) is None:
        raise ModelError(
            f"{where}: model {original.name!r} is subclassed or was never given an input shape, so it has no layers to "
            "rebuild in Keras 2; save it as a functional or Sequential model"
        )
    halves = [layer for layer in original._flatten_layers() if layer.variable_dtype in ("float16", "bfloat16")]
    if halves:
        raise ModelError(
            f"{where}: layer {halves[0].name!r} keeps its weights in {halves[0].variable_dtype}, and pruning needs "
            "float32; save the model with float32 or mixed precision"
        )
    with graph.single_precision(original), muted():  # XLA announces itself on some layers
        rebuilder = _Rebuilder(where)
        rebuilt = rebuilder.build(original)
        _check(where, original, rebuilt, rebuilder.steps)
    return rebuilt


class _Rebuilder:
    def __init__(self, where: str) -> None:
        self._where = where
        self._layers: dict[int, tuple[Any, str | None]] = {}
        self._pairs: list[tuple[Any, Any]] = []
        self._names: set[str] = set()
        self.steps: list[_Step] = []

    def build(self, original: Any) -> Any:
        """The tf-keras model with the original's weights."""
        inputs = [self._input(tensor) for tensor in original.inputs]
        outputs = graph.repeat(original, inputs, self._call)
        single = len(outputs) == 1
        model = keras().Model(inputs[0] if len(inputs) == 1 else inputs, outputs[0] if single else outputs)
        model._name = original.name
        for old, new in self._pairs:
            self._copy_weights(old, new)
        return model

    def _copy_weights(self, old: Any, new: Any) -> None:
        try:
            weights.copy(old, new)
        except ValueError as error:
            raise self._fault(old, error) from error

    def _input(self, tensor: Any) -> Any:
        name = tensor.name.split(":")[0]
        if name in self._names:
            name = f"{name}_{len(self._names)}"
        self._names.add(name)
        return keras().Input(batch_shape=tuple(tensor.shape), dtype=tensor.dtype, name=name)

    def _call(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            results = self._repeat(operation, args, kwargs)
        except Exception as error:  # whatever Keras 2 raises, the message is that this layer stops the conversion
            raise self._fault(operation, error) from error
        self.steps.append(_Step(operation, tuple(tensorflow().nest.flatten(results))))
        return results

    def _repeat(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not graph.is_layer(operation):
            return operations.to_tensorflow(operation, args, kwargs)
        if configs.vanishes(operation):
            return args[0]
        layer, follows = self._layer(operation)
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        plain = type(operation).__name__ == "Activation" and follows is not None
        results = args[0] if plain else layer(*args, **kwargs)
        return results if follows is None else compose(follows, results, {})

    def _layer(self, old: Any) -> tuple[Any, str | None]:
        if id(old) not in self._layers:
            quantized = getattr(old, "quantization_mode", None)
            if quantized:
                raise ValueError(f"it is quantized to {quantized}; give the model as it was before")
            new, follows = configs.to_keras2(old)
            if new.name in self._names:
                new._name = f"{new.name}_{len(self._names)}"
            self._names.add(new.name)
            self._layers[id(old)] = new, follows
            self._pairs.append((old, new))
        return self._layers[id(old)]

    def _fault(self, operation: Any, error: Exception) -> ModelError:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return ModelError(
            f"{self._where}: layer {operation.name!r} ({type(operation).__name__}) of this Keras 3 model cannot be "
            f"rebuilt in Keras 2, which pruning needs ({reason[:150]}); replace the layer or train the model with "
            "tf-keras"
        )


def _check(where: str, original: Any, rebuilt: Any, steps: list[_Step]) -> None:
    """Compare both models, at their outputs and after every layer, and name the first layer that differs.

    Outputs alone would not do: those of a model that hardly depends on its input hide any layer.
    """
    tf = tensorflow()
    inputs = random_inputs(rebuilt)
    seen: list[list[Any]] = []
    wanted = graph.run(original, inputs, lambda _, results: seen.append(tf.nest.flatten(results)))
    feed = inputs[0] if len(inputs) == 1 else inputs
    error = worst_difference(wanted, tf.nest.flatten(rebuilt(feed, training=False)))
    probe = keras().Model(rebuilt.inputs, [tensor for step in steps for tensor in step.results])
    had = iter(tf.nest.flatten(probe(feed, training=False)))
    within = [worst_difference(values, [next(had) for _ in values]) for values in seen]
    wrong = _first_wrong(within)
    if error <= TOLERANCE and wrong is None:
        return
    if wrong is None:
        wrong = next((place for place, found in enumerate(within) if not found <= TOLERANCE), None)
    operation = None if wrong is None else steps[wrong].operation
    first = f"layer {operation.name!r} ({type(operation).__name__}) is the first" if operation else "no single layer is"
    raise ModelError(
        f"{where}: rebuilt in Keras 2 the model's output differs by {error:.1e} of its largest value (allowed: "
        f"{TOLERANCE:.0e}), and {first} that differs; replace it or train the model with tf-keras"
    )


def _first_wrong(differences: list[float]) -> int | None:
    """The first step that differs far more than any before it; rounding that grows from layer to layer does not."""
    before = 0.0
    for place, found in enumerate(differences):
        if not found <= max(_LAYER_TOLERANCE, 100 * before):
            return place
        before = max(before, found)
    return None
