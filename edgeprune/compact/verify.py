"""Runs two .tflite files side by side: their outputs must be the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edgeprune import ops
from edgeprune.compact.interpreter import Array, Kernels, Runner
from edgeprune.errors import VerificationError
from edgeprune.graph import Graph, Tensor
from edgeprune.tflite import TfliteModel

#: Inputs that are tried, where the model is so small that its reference kernels take them in seconds.
_MOST, _LEAST = 48, 4
_REFERENCE_MACS = 400_000_000


def macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(ops.layer_macs(graph, node) for node in graph.nodes)


def assert_same_outputs(first: TfliteModel, second: TfliteModel, inputs: Sequence[Sequence[Array]] = ()) -> int:
    """Compare two files' outputs on extreme and random inputs, with LiteRT's default and reference kernels.

    Args:
        first: A file.
        second: Another whose inputs and outputs are like the first one's.
        inputs: Further inputs to try.

    Returns:
        How many inputs each kind of kernels was tried with.

    Raises:
        ModelError: LiteRT cannot run the files.
        VerificationError: an output differs.
    """
    count = int(np.clip(_REFERENCE_MACS // max(macs(first.graph), 1), _LEAST, _MOST))
    tried = [*probes(first.graph.input_tensors(), count), *inputs]
    for kernels in (Kernels.DEFAULT, Kernels.REFERENCE):
        before, after = Runner(first, kernels), Runner(second, kernels)
        for number, arrays in enumerate(tried):
            pairs = zip(before.run(arrays), after.run(arrays), strict=True)
            different = [index for index, (a, b) in enumerate(pairs) if not _same(a, b)]
            if different:
                raise VerificationError(
                    f"output {different[0]} of the smaller model differs on input {number} of {len(tried)} with "
                    f"LiteRT's {kernels.name.lower()} kernels; nothing was written, please report the model"
                )
    return len(tried)


def probes(tensors: Sequence[Tensor], count: int) -> Iterator[list[Array]]:
    """`count` sets of inputs: both ends of the range, a mix of the ends, the rest random over all of it."""
    random = np.random.default_rng(0)
    for number in range(count):
        yield [_probe(random, tensor, number) for tensor in tensors]


def _probe(random: np.random.Generator, tensor: Tensor, number: int) -> Array:
    kind = tensor.dtype.numpy
    if np.issubdtype(kind, np.floating):
        spread = (1.0, 3.0, 100.0)[number % 3]
        return (random.standard_normal(tensor.shape) * spread).astype(kind)
    low, high = (0, 1) if kind == np.bool_ else (np.iinfo(kind.name).min, np.iinfo(kind.name).max)
    if number < 2:
        return np.full(tensor.shape, (low, high)[number], kind)
    if number % 4 == 2:
        return random.choice(np.array([low, high], kind), tensor.shape)
    return random.integers(low, high, tensor.shape, np.int64, endpoint=True).astype(kind)


def _same(first: Array, second: Array) -> bool:
    return first.shape == second.shape and first.tobytes() == second.tobytes()
