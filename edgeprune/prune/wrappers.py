"""TF-MOT's wrappers as holders of masks that others decide.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

from typing import Any

from edgeprune.models.tensorflow import sparsity, tensorflow

_tf = tensorflow()
# The wrappers' conditions make this optimization warn on stderr at each training, past every log level.
_tf.config.optimizer.set_experimental_options({"loop_optimization": False})
_PruningSchedule: Any = sparsity().PruningSchedule
_PruningPolicy: Any = sparsity().PruningPolicy


class Never(_PruningSchedule):  # type: ignore[misc]  # TF-MOT has no types
    """A schedule at which TF-MOT never updates a mask by itself."""

    def __call__(self, step: Any) -> tuple[Any, Any]:
        """No update, and no sparsity, at any step."""
        return _tf.constant(False), _tf.constant(0.0)

    def get_config(self) -> dict[str, Any]:
        """What TF-MOT saves with a wrapper."""
        return {"class_name": type(self).__name__, "config": {}}


class KernelPolicy(_PruningPolicy):  # type: ignore[misc]  # TF-MOT has no types
    """Wraps the layers whose kernels TF-MOT can mask, as far as `names` lists them."""

    #: TF-MOT never masks depthwise kernels; for channels their consumers' masks do.
    _MASKED = frozenset(
        {
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv2DTranspose",
            "Conv3DTranspose",
            "Dense",
            "SeparableConv1D",
            "SeparableConv2D",
            "Embedding",
            "SimpleRNN",
            "GRU",
            "LSTM",
        }
    )

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def allow_pruning(self, layer: Any) -> bool:
        """Whether TF-MOT may wrap this layer."""
        return layer.name in self._names and type(layer).__name__ in self._MASKED

    def ensure_model_supports_pruning(self, model: Any) -> None:
        """Any flat functional model will do: what cannot be masked is simply not wrapped."""


def strip(wrapped: Any) -> Any:
    """The wrapped model without its wrappers; masked weights are zero."""
    return sparsity().strip_pruning(wrapped)
