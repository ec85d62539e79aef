"""Inputs that drive single values inside a network to their bounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops.pooling import PoolOptions
from edgeprune.optimize.constant_channels.groups import survey
from edgeprune.optimize.constant_channels.linear import LinearLayer
from edgeprune.optimize.constant_channels.windows import Window


def adversarial_inputs(graph: Graph) -> Iterator[list[np.ndarray]]:
    """For every output channel of every layer with weights, inputs that push its middle value up, and down.

    Each input value goes to the end of its range that the weights on the way call for, clamps between
    being ignored: for the first layer that reaches the bounds exactly.
    """
    layers = survey(graph).layers
    for index in layers:
        shape = graph.output(graph.nodes[index]).shape
        for channel in range(shape[-1]):
            wanted = {graph.nodes[index].outputs[0]: np.zeros(shape)}
            wanted[graph.nodes[index].outputs[0]][(*(extent // 2 for extent in shape[:-1]), channel)] = 1
            for position in range(index, -1, -1):
                _push_back(graph, graph.nodes[position], layers.get(position), wanted)
            for sign in (1, -1):
                yield [_extreme(graph, i, sign * wanted.get(i, np.zeros(graph.tensors[i].shape))) for i in graph.inputs]


def _extreme(graph: Graph, tensor: int, wanted: np.ndarray) -> np.ndarray:
    neutral = graph.tensors[tensor].quantized().zero_point
    return np.where(wanted > 0, 127, np.where(wanted < 0, -128, neutral)).astype(np.int8)


def _push_back(graph: Graph, node: Node, layer: LinearLayer | None, wanted: dict[int, np.ndarray]) -> None:
    """Add to what is wanted of a node's inputs what is wanted of its output: its derivative without clamps."""
    wish = wanted.get(node.outputs[0])
    if wish is None:
        return
    for source in node.inputs[: 2 if node.op == "ADD" else 1]:
        shape = graph.tensors[source].shape
        if layer is not None:
            share = _through_weights(shape, layer, wish)
        elif isinstance(node.options, PoolOptions):
            options = node.options
            window = Window(options.window, options.stride, options.dilation, options.padding)
            share = _scatter(shape, window, lambda _, wish=wish: wish)
        elif wish.size == np.prod(shape):
            share = wish.reshape(shape)
        else:
            share = np.broadcast_to(wish.reshape(shape[0], 1, 1, shape[-1]), shape)  # MEAN over height and width
        wanted[source] = wanted.get(source, np.zeros(shape)) + share


def _through_weights(shape: tuple[int, ...], layer: LinearLayer, wish: np.ndarray) -> np.ndarray:
    scaled = wish * layer.mantissas * 2.0**layer.shifts / np.max(layer.mantissas * 2.0**layer.shifts)
    outputs, taps, inputs = layer.weights.shape
    grouped = scaled.reshape(-1, layer.groups, outputs // layer.groups)
    weights = layer.weights.reshape(layer.groups, -1, taps, inputs)

    def of_tap(tap: int) -> np.ndarray:
        return np.einsum("pgo,goi->pgi", grouped, weights[:, :, tap].astype(float))

    if layer.window is None:
        return np.stack([of_tap(tap) for tap in range(taps)], axis=1).reshape(shape)
    return _scatter(shape, layer.window, of_tap)


def _scatter(shape: tuple[int, ...], window: Window, of_tap: object) -> np.ndarray:
    """Sum of what each tap wants of the element that it sees."""
    found = np.zeros(int(np.prod(shape)) + 1)
    numbers = np.arange(len(found) - 1).reshape(shape)
    for tap, seen in enumerate(window.taps(numbers, fill=-1)):
        np.add.at(found, seen, of_tap(tap).reshape(seen.shape))
    return found[:-1].reshape(shape)
