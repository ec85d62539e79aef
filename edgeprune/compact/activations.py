"""What layers see when a model runs on data: samples of their windows, and the model's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.compact.interpreter import Array, Kernels, Runner
from edgeprune.compact.layers import MixingLayer, Reals
from edgeprune.graph import Graph
from edgeprune.measure.arrays import to_input, to_real
from edgeprune.tflite import TfliteModel

#: Rows of a layer's matrix of samples that suffice for its least squares.
_ROWS = 12_000


@dataclass(frozen=True, eq=False)
class Samples:
    """What a layer saw.

    Attributes:
        rows: float64 [N, taps * inputs], one window a row, tap by tap.
    """

    rows: Reals

    @property
    def mean(self) -> Reals:
        """Per column."""
        return np.asarray(self.rows.mean(axis=0), np.float64)


def stored_inputs(graph: Graph, examples: npt.NDArray[np.float32]) -> Array:
    """Real examples [N, ...] as the model takes them one by one: [N, *input shape]."""
    (source,) = graph.input_tensors()
    return to_input(examples, source).reshape(len(examples), *source.shape)


def sampled(model: TfliteModel, layers: Mapping[int, MixingLayer], inputs: Array) -> dict[int, Samples]:
    """Windows that layers see, at places that depend on the layer and the example only.

    Args:
        model: The model.
        layers: By number of node; of the weights only the window counts.
        inputs: As `stored_inputs` gives them.
    """
    runner = Runner(model, Kernels.OPTIMIZED, keep_all=True)
    found: dict[int, list[Reals]] = {index: [] for index in layers}
    random = {index: np.random.default_rng(index) for index in layers}
    graph = model.graph
    share = -(-_ROWS // len(inputs))
    for example in inputs:
        runner.run([example])
        for index, layer in layers.items():
            tensor = graph.nodes[index].inputs[0]
            windows = _windows(layer, to_real(runner.value(tensor), graph.tensors[tensor]))
            chosen = random[index].choice(len(windows), min(share, len(windows)), replace=False)
            found[index].append(windows[chosen])
    return {index: Samples(np.concatenate(rows).astype(np.float64)) for index, rows in found.items()}


def _windows(layer: MixingLayer, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[positions, taps * inputs]."""
    channels = values.shape[-1]
    if layer.window is None:
        return values.reshape(-1, channels)
    taps = list(layer.window.taps(values))
    return np.stack(taps, axis=-2).reshape(-1, len(taps) * channels)


def answers(model: TfliteModel, inputs: Array) -> npt.NDArray[np.float32]:
    """The model's real outputs [N, classes]."""
    runner, (output,) = Runner(model), model.graph.output_tensors()
    rows = [runner.run([example])[0].reshape(-1) for example in inputs]
    return to_real(np.stack(rows), output)


def divergence(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    """Mean Kullback-Leibler divergence of the classes' probabilities, in nats."""
    p, q = _probabilities(before), _probabilities(after)
    return float((p * np.log(p / q)).sum(axis=1).mean())


def _probabilities(outputs: npt.NDArray[np.float32]) -> Reals:
    """Probabilities [N, classes] of scores that are such already, or logits; none is 0."""
    values = outputs.astype(np.float64)
    shares = bool((values >= 0).all() and (values <= 1.01).all())
    if values.shape[1] == 1:
        chance = np.clip(values, 0, 1) if shares else 1 / (1 + np.exp(-values))
        values = np.concatenate([1 - chance, chance], axis=1)
    elif not (shares and np.allclose(values.sum(axis=1), 1, atol=0.1)):
        values = np.exp(values - values.max(axis=1, keepdims=True))
    values = values + 1 / 512  # int8 probabilities come in steps of 1/256
    return np.asarray(values / values.sum(axis=1, keepdims=True), np.float64)
