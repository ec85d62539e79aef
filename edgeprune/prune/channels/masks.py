"""Channel masks while a model trains: TF-MOT's wrappers hold them, our callback decides them.

Whole channels are masked, at the producers' outputs and at the consumers' inputs, so that
taking them out afterwards is exact whatever bias, BN shift or activation lies between.
Import `GroupMasks` inside functions only: it needs TensorFlow.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeprune.models.tensorflow import tensorflow
from edgeprune.prune.channels.importance import Evidence, Importance, LayerArrays, choose
from edgeprune.prune.channels.schedule import Schedule
from edgeprune.prune.channels.structure import Keep, LayerChannels, Structure, mask
from edgeprune.prune.weights.layout import PLACES
from edgeprune.prune.wrappers import HeldMasks, wrap

if TYPE_CHECKING:
    from edgeprune.prune.training.batches import Batches

_GRADIENT_BATCHES = 8


def wrap_channels(model: Any, structure: Structure) -> Any:
    """A copy of `model` in TF-MOT's wrappers, its masks all ones; the original is not changed."""
    return wrap(model, list(_maskable(model, structure)))


def _maskable(model: Any, structure: Structure) -> Iterator[tuple[str, int]]:
    """Layer and number of the kernels that have removable channels on any axis; depthwise ones follow theirs."""
    removable = np.concatenate([np.zeros(0, np.int64), *(g.channels for g in structure.removable)])
    for layer in model.layers:
        known = structure.layers.get(layer.name)
        if known is None or not known.weights:
            continue
        for number in _kernels(layer, known):
            axes = known.weights[number].axes
            if any(a is not None and np.isin(structure.roots[a], removable).any() for a in axes):
                yield layer.name, number


def _kernels(layer: Any, known: LayerChannels) -> Iterator[int]:
    """Numbers of the weights to mask: kernels, and in kinds without a known layout all that mix channels."""
    places = PLACES.get(type(layer).__name__)
    if places is None:
        yield from known.masked
        return
    numbers = {id(variable): number for number, variable in enumerate(layer.weights)}
    for place in places:
        if place.by_default:
            yield numbers[id(operator.attrgetter(place.attribute)(layer))]


def sizes_at(full: Sequence[int], final: Sequence[int], share: float) -> tuple[int, ...]:
    """Channels that stay in each group when `share` (0 to 1) of the removal is done."""
    return tuple(before - round((before - after) * share) for before, after in zip(full, final, strict=True))


class GroupMasks(HeldMasks):
    """Sets the wrappers' masks group by group while the model trains, ending at the final sizes.

    Attributes:
        keep: The last decision: per label, whether the channel stays.
    """

    def __init__(
        self,
        structure: Structure,
        final: tuple[int, ...],
        importance: Importance,
        schedule: Schedule,
        batches: Batches,
    ) -> None:
        """Plan the updates.

        Args:
            structure: Of the model.
            final: Channels that stay in each removable group in the end.
            importance: Which of them do.
            schedule: When the others go.
            batches: Of the training; TAYLOR takes gradients on the first of them.
        """
        super().__init__()
        self._structure = structure
        self._full = tuple(group.size for group in structure.removable)
        self._final = final
        self._importance = importance
        self._schedule = schedule
        self._batches = batches
        self.keep: Keep = structure.keep_all()

    def on_train_begin(self, logs: Any = None) -> None:
        """Update where the schedule begins with a removal and none was done."""
        super().on_train_begin(logs)
        if int(self.model.optimizer.iterations) == 0:
            self._update(self._schedule.share_at(0))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Update the masks where this step is one of the planned ones."""
        self._update(self._schedule.share_at(int(self.model.optimizer.iterations)))

    def on_train_end(self, logs: Any = None) -> None:
        """Update once more at the final sizes: the planned steps need not have met them."""
        self._update(1.0)

    def _layers(self) -> list[Any]:
        return [layer.layer if hasattr(layer, "pruning_vars") else layer for layer in self.model.layers]

    def _update(self, share: float | None) -> None:
        if share is None:
            return
        self.apply()  # or what the optimizer put into masked weights would count
        layers = self._layers()
        wanted = self._importance is Importance.TAYLOR
        gradients = loss_gradients(self.model, layers, self._batches) if wanted else None
        evidence = Evidence.of(layers, self._batches.training.seed, gradients)
        sizes = sizes_at(self._full, self._final, share)
        self.keep = choose(self._structure, evidence, sizes, self._importance)
        self.set(
            {
                key: mask(tuple(weight.shape), self._structure.layers[key[0]].weights[key[1]], self.keep) > 0
                for key, weight, _ in self._held()
            }
        )


def loss_gradients(model: Any, layers: Sequence[Any], batches: Batches) -> LayerArrays:
    """Gradients of the training loss by all weights, mean of a few batches; zeros where there is none.

    Args:
        model: tf-keras model of a classifier.
        layers: Whose weights are asked for.
        batches: Of its training.
    """
    tf = tensorflow()
    from edgeprune.prune.training.loss import distillation_loss

    training = batches.training
    loss_of = distillation_loss(batches.kind, batches.classes, training.distillation, training.temperature)
    variables = [weight for layer in layers for weight in layer.weights]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def gradients(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            loss = tf.reduce_mean(loss_of(targets, model(inputs, training=False)))
        return tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    total: list[Any] = [np.zeros(variable.shape, np.float32) for variable in variables]
    few = list(batches.dataset(0, 1).take(_GRADIENT_BATCHES))
    for inputs, targets in few:
        found = gradients(inputs, targets)
        total = [sum_ + tf.convert_to_tensor(g).numpy() / len(few) for sum_, g in zip(total, found, strict=True)]
    given = iter(total)
    return {layer.name: [next(given) for _ in layer.weights] for layer in layers}
