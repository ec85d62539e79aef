"""Which channels of a network can only go together, who computes them and who reads them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.compact.layers import MixingLayer, mixing_layer
from edgeprune.graph import OMITTED, DType, Graph, Node
from edgeprune.optimize.constant_channels.groups import Mask, components
from edgeprune.optimize.constant_channels.rules import Link, connected

Numbers = npt.NDArray[np.int64]
_TYPES = (DType.INT8, DType.FLOAT32)


@dataclass(frozen=True, eq=False)
class Space:
    """Groups of channels that lie in the same tensors: the width of a layer, or of a residual stream.

    Attributes:
        groups: Their numbers.
        readers: The mixing layers that read them, as numbers of nodes.
    """

    groups: Numbers
    readers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Structure:
    """A graph whose channels are followed.

    Attributes:
        graph: The graph, of int8 or float32.
        layers: Per node that mixes channels, that layer.
        group: Per tensor the group of each channel (index of the last axis).
        count: How many groups there are.
        spaces: What can be narrowed.
    """

    graph: Graph
    layers: dict[int, MixingLayer]
    group: tuple[Numbers, ...]
    count: int
    spaces: tuple[Space, ...]


def structure_of(graph: Graph) -> Structure:
    """Follow the channels of a graph; inputs, outputs and operators without a rule hold theirs."""
    layers: dict[int, MixingLayer] = {}
    links: list[Link] = []
    free: set[int] = set()
    pinned = {*graph.inputs, *graph.outputs, *(state.tensor for state in graph.states)}
    for index, node in enumerate(graph.nodes):
        layer = mixing_layer(graph, node) if _alike(graph, node) else None
        found = ((node.inputs[0],), ()) if layer is not None else _connected(graph, node)
        if layer is not None:
            layers[index] = layer
        if found is None:
            pinned |= {tensor for tensor in (*node.inputs, *node.outputs) if tensor != OMITTED}
        else:
            links += found[1]
            free |= {*found[0], *node.outputs}
    pinned |= set(range(len(graph.tensors))) - free
    group, count = components(graph, links)
    held = np.zeros(count, np.bool_)
    for tensor in pinned:
        held[group[tensor]] = True
    return Structure(graph, layers, group, count, _spaces(graph, layers, group, held))


def _connected(graph: Graph, node: Node) -> tuple[tuple[int, ...], tuple[Link, ...]] | None:
    if not _alike(graph, node) and node.op not in {"QUANTIZE", "DEQUANTIZE"}:
        return None
    if node.op != "DEPTHWISE_CONV_2D":
        return connected(graph, node)
    if not all(t is None or t.is_constant for t in (graph.operand(node, 1), graph.operand(node, 2))):
        return None
    outputs = np.arange(graph.output(node).shape[-1])
    multiplier = len(outputs) // graph.required(node, 0).shape[-1]
    return (node.inputs[0],), (Link((node.inputs[0], node.outputs[0]), outputs // multiplier, outputs),)


def _alike(graph: Graph, node: Node) -> bool:
    """Whether input and output have one type that can be computed with here."""
    if not node.inputs or not node.outputs or OMITTED in (*node.inputs[:1], *node.outputs):
        return False
    types = {graph.tensors[node.inputs[0]].dtype, graph.tensors[node.outputs[0]].dtype}
    return len(types) == 1 and types <= set(_TYPES)


def _spaces(graph: Graph, layers: dict[int, MixingLayer], group: tuple[Numbers, ...], held: Mask) -> tuple[Space, ...]:
    where: dict[int, set[int]] = defaultdict(set)
    for tensor, groups in enumerate(group):
        for number in np.unique(groups):
            where[int(number)].add(tensor)
    alike: dict[frozenset[int], list[int]] = defaultdict(list)
    for number, tensors in where.items():
        if not held[number]:
            alike[frozenset(tensors)].append(number)
    spaces = []
    for places, numbers in alike.items():
        readers = tuple(index for index in layers if graph.nodes[index].inputs[0] in places)
        if readers and len(numbers) > 1:
            spaces.append(Space(np.array(numbers), readers))
    return tuple(sorted(spaces, key=lambda space: space.readers))
