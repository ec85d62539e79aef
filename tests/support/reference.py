"""Random inputs for a .tflite model, and the outputs of TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeprune.measure.reference import ReferenceModel
from edgeprune.models.tensorflow import tensorflow
from edgeprune.tflite import read_bytes


def reference_outputs(content: bytes, inputs: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Outputs for each set of inputs, both in the model's order."""
    model = ReferenceModel(content)
    return [list(model.run(arrays)) for arrays in inputs]


def reference_values(content: bytes, inputs: list[list[np.ndarray]]) -> Iterator[dict[int, np.ndarray]]:
    """Per set of inputs the values of all tensors that the first subgraph computes, by number."""
    lite = tensorflow().lite
    resolver = lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = lite.Interpreter(
        model_content=content, experimental_op_resolver_type=resolver, experimental_preserve_all_tensors=True
    )
    interpreter.allocate_tensors()
    graph = read_bytes(content, "model").graph
    for arrays in inputs:
        for index, array in zip(graph.inputs, arrays, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        yield {i: interpreter.get_tensor(i) for node in graph.nodes for i in node.outputs}


def random_inputs(content: bytes, count: int, seed: int = 0) -> list[list[np.ndarray]]:
    """Sets of random inputs over the whole range of their types."""
    generator = np.random.default_rng(seed)

    def draw(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        if dtype == np.float32:
            return generator.normal(0, 3, shape).astype(np.float32)
        if dtype == np.bool_:
            return generator.random(shape) < 0.5
        bounds = np.iinfo(dtype)
        return generator.integers(bounds.min, bounds.max, shape, dtype=dtype, endpoint=True)

    tensors = read_bytes(content, "model").graph.input_tensors()
    return [[draw(tensor.shape, tensor.dtype.numpy) for tensor in tensors] for _ in range(count)]


def tolerance(dtype: np.dtype) -> dict[str, float]:
    """How far a result may be from the reference kernels': not at all for integers.

    The reference float kernels leave the order of sums to the compiler, so a float may differ by
    a few units in the last place of the largest term.
    """
    return {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 0, "atol": 0}
