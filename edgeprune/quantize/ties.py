"""What pruning and clustering have made of the kernels, and must not be lost in further training.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeprune.models.tensorflow import keras, tensorflow

_tf = tensorflow()
_MOST_VALUES = 256  # a kernel with more different values was not clustered
_LEAST_SHARING = 4  # nor one whose values serve fewer weights each, on average


@dataclass(frozen=True, eq=False)
class Tie:
    """Which weights of one kernel stay zero, or stay equal to each other.

    Attributes:
        kernel: The variable.
        mask: float32 of the kernel's shape, 0 where it stays zero.
        members: int32 of the kernel's shape, the cluster of each weight; None where it has none.
        clusters: Number of clusters.
    """

    kernel: Any
    mask: Any
    members: Any = None
    clusters: int = 0

    def restore(self) -> None:
        """Give every cluster one value, the mean of what training made of its members, and zeros back."""
        value = self.kernel
        if self.members is not None:
            value = _tf.gather(_tf.math.unsorted_segment_mean(value, self.members, self.clusters), self.members)
        self.kernel.assign(value * self.mask)


def ties_of(model: Any) -> tuple[Tie, ...]:
    """The ties of all kernels of `model` that have zeros or few different values."""
    ties = []
    for kernel in model.trainable_weights:
        if kernel.shape.rank < 2:
            continue
        value = kernel.numpy()
        different, members = np.unique(value, return_inverse=True)
        mask = _tf.constant((value != 0).astype(np.float32))
        if len(different) <= min(_MOST_VALUES, value.size // _LEAST_SHARING):
            numbers = _tf.constant(members.reshape(value.shape), _tf.int32)
            ties.append(Tie(kernel, mask, numbers, len(different)))
        elif not value.all():
            ties.append(Tie(kernel, mask))
    return tuple(ties)


class KeepTies(keras().callbacks.Callback):  # type: ignore[misc]  # tf-keras has no types
    """Restores the ties after every step, before anything looks at the weights.

    TF-MOT's own way (PQAT, PCQAT) multiplies by a mask in the forward pass: the stored kernel
    loses its zeros, depthwise kernels are left out, and the classes are private.
    """

    def __init__(self, ties: tuple[Tie, ...]) -> None:
        super().__init__()

        @_tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
        def restore() -> None:
            for tie in ties:
                tie.restore()

        self._restore = restore

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Undo what the optimizer did to tied weights."""
        self._restore()
