"""A .tflite file in the interpreter: all its kernels, and the values inside."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import ModelError
from edgeprune.models.tensorflow import muted
from edgeprune.tflite import TfliteModel

Array = npt.NDArray[np.generic]


class Kernels(enum.Enum):
    """Which kernels run a file; the values are LiteRT's own names."""

    DEFAULT = "AUTO"  # XNNPACK takes what it can
    OPTIMIZED = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    REFERENCE = "BUILTIN_REF"


class Runner:
    """One interpreter; its states, if the model has any, live as long as it does."""

    def __init__(self, model: TfliteModel, kernels: Kernels = Kernels.DEFAULT, keep_all: bool = False) -> None:
        """Prepare the model.

        Args:
            model: The file.
            kernels: What runs it.
            keep_all: Whether `value` shall be there for every tensor; no delegate may be at work then.

        Raises:
            ModelError: LiteRT cannot run it.
        """
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        try:
            with muted():  # it announces its delegate
                self._engine: Any = Interpreter(
                    model_content=model.content,
                    num_threads=1,
                    experimental_op_resolver_type=OpResolverType[kernels.value],
                    experimental_preserve_all_tensors=keep_all,
                )
                self._engine.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"LiteRT cannot run {model.graph.name}, so nothing could be verified: {str(error).splitlines()[0]}"
            ) from None
        self._inputs = [detail["index"] for detail in self._engine.get_input_details()]
        self._outputs = [detail["index"] for detail in self._engine.get_output_details()]

    def run(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """Outputs for one set of inputs, both in the model's order."""
        for index, array in zip(self._inputs, inputs, strict=True):
            self._engine.set_tensor(index, array)
        self._engine.invoke()
        return tuple(self._engine.get_tensor(index) for index in self._outputs)

    def value(self, tensor: int) -> Array:
        """A tensor's value after the last run."""
        found: Array = self._engine.get_tensor(tensor)
        return found
