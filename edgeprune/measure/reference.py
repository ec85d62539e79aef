"""TFLite's reference kernels: the judge of what a model's output bytes must be."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import ModelError
from edgeprune.graph import DType
from edgeprune.models.tensorflow import tensorflow
from edgeprune.tflite import read_bytes

Arrays = Sequence[npt.NDArray[np.generic]]


class ReferenceModel:
    """A .tflite model run by TensorFlow Lite's reference kernels, without any delegate.

    TensorFlow's own interpreter is used: later runtimes round some reference kernels
    (FULLY_CONNECTED) in another way.  A model with SUM of int8 is run by the optimized kernels:
    the reference kernel of that operator reads a multiplier that nothing sets.
    """

    def __init__(self, content: bytes) -> None:
        lite = tensorflow().lite
        kinds = lite.experimental.OpResolverType
        resolver = kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES if _sums_int8(content) else kinds.BUILTIN_REF
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it advertises its successor, whose reference kernels differ
                self._interpreter: Any = lite.Interpreter(
                    model_content=content, experimental_op_resolver_type=resolver, num_threads=1
                )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"TensorFlow Lite cannot run the model: {str(error).splitlines()[0]}") from None
        self._inputs = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def run(self, inputs: Arrays) -> tuple[npt.NDArray[np.generic], ...]:
        """Outputs in the model's order for one set of inputs in the model's order, types and shapes."""
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return tuple(self._interpreter.get_tensor(index) for index in self._outputs)


def _sums_int8(content: bytes) -> bool:
    graph = read_bytes(content, "model").graph
    return any(node.op == "SUM" and graph.required(node, 0).dtype is DType.INT8 for node in graph.nodes)
