"""Training in which the weights of a cluster move as one.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune.weights.kernels import Kernel
from edgeprune.prune.weights.layout import Flags
from edgeprune.prune.weights.sharing import Sharing

_tf = tensorflow()


class SharedValues(keras().callbacks.Callback):  # type: ignore[misc]  # tf-keras has no types
    """After each step, replaces the weights of each cluster by their mean, and zeros by zero.

    This is the step that the shared value itself would take with the mean of its weights'
    gradients: the nearest model in which all weights of a cluster are equal.

    Args:
        kernels: What shares values.
        numbers: By kernel, the number of each weight's value; 0 is zero.
        alive: By layer and number of the weight, what may be other than zero of further kernels.
    """

    def __init__(
        self,
        kernels: Sequence[Kernel[Sharing]],
        numbers: Sequence[npt.NDArray[np.int64]],
        alive: Mapping[tuple[str, int], Flags],
    ) -> None:
        super().__init__()
        self._alive = {key: _tf.constant(flags, _tf.float32) for key, flags in alive.items()}
        self._numbers: Mapping[tuple[str, int], Any] = {
            (kernel.layer, kernel.weight): _tf.constant(number, _tf.int32)
            for kernel, number in zip(kernels, numbers, strict=True)
        }
        self._counts = {key: int(number.numpy().max()) + 1 for key, number in self._numbers.items()}

    def on_train_begin(self, logs: Any = None) -> None:
        """Share the values that training begins with."""
        self._share()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Share what the optimizer has moved apart."""
        self._share()

    @_tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def _share(self) -> None:
        for (layer, weight), numbers in self._numbers.items():
            variable = self.model.get_layer(layer).weights[weight]
            means = _tf.math.unsorted_segment_mean(variable, numbers, self._counts[layer, weight])
            alive = _tf.cast(_tf.range(self._counts[layer, weight]) > 0, variable.dtype)
            variable.assign(_tf.gather(means * alive, numbers))
        for (layer, weight), flags in self._alive.items():
            variable = self.model.get_layer(layer).weights[weight]
            variable.assign(variable * flags)
