"""Channels that can only be removed together, over all tensors of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edgeprune.graph import OMITTED, Graph, Node
from edgeprune.optimize.constant_channels.bounds import Bounds, Values, initial
from edgeprune.optimize.constant_channels.linear import KINDS, LinearLayer, linear_layer
from edgeprune.optimize.constant_channels.rules import Link, Rule, followable, rule_for
from edgeprune.optimize.constant_channels.tolerance import loosened

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of a graph.

    Attributes:
        graph: The graph.
        bounds: Per tensor; None where it is not int8.
        layers: Per node that is a linear layer of int8, that layer.
        group: Per tensor the group of each channel (index of the last axis).
        pinned: Per group whether it must stay.
    """

    graph: Graph
    bounds: tuple[Bounds | None, ...]
    layers: dict[int, LinearLayer]
    group: tuple[Values, ...]
    pinned: Mask

    def bounds_of(self, tensor: int) -> Bounds:
        """Bounds of an int8 tensor."""
        found = self.bounds[tensor]
        if found is None:
            raise AssertionError(f"{self.graph.tensors[tensor].name} is not int8")
        return found


def survey(graph: Graph, inputs: Mapping[int, Bounds] = MappingProxyType({}), any_kernel: bool = False) -> Survey:
    """Propagate bounds through a graph, and find the groups of its channels.

    Args:
        graph: The graph.
        inputs: Bounds of input tensors, where they may not be just anything.
        any_kernel: Whether bounds shall hold for all kernels, not only for the reference ones.
    """
    bounds = [inputs.get(index, bounds) for index, bounds in enumerate(initial(graph))]
    layers: dict[int, LinearLayer] = {}
    links: list[Link] = []
    free: set[int] = set()
    # A state is read before it is written, so what its writer computes bounds nothing.
    states = {state.tensor for state in graph.states}
    pinned = {*graph.inputs, *graph.outputs, *states}
    for index, node in enumerate(graph.nodes):
        layer = linear_layer(graph, node, any_kernel) if node.op in KINDS and followable(graph, node) else None
        rule = rule_for(graph, node) if layer is None else None
        # The tensors whose channels the node reads: neither weights nor shapes nor axes.
        values = node.inputs[:1] if rule is None else rule.values(node)
        found, together = _follow(graph, node, layer or rule, [bounds[tensor] for tensor in values])
        if any_kernel and rule is not None and found is not None:
            known = [b for b in (bounds[tensor] for tensor in values) if b is not None]
            found = loosened(graph, node, values, known, found)
        if layer is not None and found is not None:
            layers[index] = layer
        if found is not None and node.outputs[0] not in states:
            bounds[node.outputs[0]] = found
        if together is None:
            pinned |= {tensor for tensor in (*node.inputs, *node.outputs) if tensor != OMITTED}
        else:
            links += together
            free |= {*values, node.outputs[0]}
            pinned |= set(node.inputs) - set(values) - {OMITTED}
    pinned |= set(range(len(graph.tensors))) - free
    group, count = components(graph, links)
    held = np.zeros(count, np.bool_)
    for tensor in pinned:
        held[group[tensor]] = True
    return Survey(graph, tuple(bounds), layers, group, held)


def _follow(
    graph: Graph, node: Node, how: LinearLayer | Rule | None, sources: list[Bounds | None]
) -> tuple[Bounds | None, tuple[Link, ...] | None]:
    """Bounds of the node's output, None where nothing is known, and its links, None where it is a barrier."""
    known = [bounds for bounds in sources if bounds is not None]
    if how is None or len(known) < len(sources):
        return None, None
    if isinstance(how, Rule):
        return how.bounds(graph, node, known), how.connect(graph, node)
    return how.bounds(known[0]), _links(node, how)


def _links(node: Node, layer: LinearLayer) -> tuple[Link, ...] | None:
    """A depthwise layer's channels go with its outputs; mixed channels are free; groups are not followed."""
    if not layer.depthwise:
        return () if layer.mixes else None
    outputs = np.arange(len(layer.weights))
    return (Link((node.inputs[0], node.outputs[0]), outputs * layer.groups // len(outputs), outputs),)


def components(graph: Graph, links: list[Link]) -> tuple[tuple[Values, ...], int]:
    """Per tensor the group of each channel that `links` make, numbered from 0, and how many groups there are."""
    widths = [tensor.shape[-1] if tensor.shape else 0 for tensor in graph.tensors]
    starts = np.cumsum([0, *widths])
    first = np.concatenate([np.zeros(0, np.int64), *(starts[link.tensors[0]] + link.first for link in links)])
    second = np.concatenate([np.zeros(0, np.int64), *(starts[link.tensors[1]] + link.second for link in links)])
    least = np.arange(starts[-1])
    while True:  # each channel takes the least number among those it is linked to, directly or not
        before = least.copy()
        np.minimum.at(least, first, before[second])
        np.minimum.at(least, second, before[first])
        least = least[least]
        if np.array_equal(least, before):
            break
    numbers, group = np.unique(least, return_inverse=True)
    return tuple(np.split(group, starts[1:-1])), len(numbers)
