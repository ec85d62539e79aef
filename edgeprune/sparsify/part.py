"""The parts of a network that sparse inference could run, and what keeps it from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeprune.graph import Graph
from edgeprune.sparsify.layers import Kind, Window, layer_of, values, weights_of

_AXES = ("height", "width")
_NO_ENTRY = "it reads the model's input, and sparse inference begins with a 3x3 convolution with stride 2 only"


@dataclass(frozen=True)
class Blocker:
    """What keeps a part from sparse inference: a layer's name, and a sentence."""

    layer: str
    reason: str


@dataclass(frozen=True)
class Pointwise:
    """A 1x1 convolution: number of the node, number of its constant weights, their elements and zeros."""

    node: int
    weights: int
    size: int
    zeros: int


@dataclass(frozen=True)
class Part:
    """All that a MEAN depends on, back to the convolutions that it begins with.

    Attributes:
        end: The MEAN.
        nodes: All layers of it, with the paddings that belong to them.
        entries: The convolutions that it begins with.
        windows: Its other layers with a window larger than 1x1.
        pointwise: Its 1x1 convolutions.
        mirrored: Whether height and width must run from the last element to the first, so that
            zeros come where sparse inference puts them.
        blockers: What keeps it from running; empty where nothing does.
    """

    end: int
    nodes: frozenset[int]
    entries: tuple[Window, ...]
    windows: tuple[Window, ...]
    pointwise: tuple[Pointwise, ...]
    mirrored: tuple[bool, bool]
    blockers: tuple[Blocker, ...]

    @property
    def weights(self) -> int:
        """Of all its 1x1 convolutions."""
        return sum(layer.size for layer in self.pointwise)

    @property
    def zeros(self) -> int:
        """How many of them are zero."""
        return sum(layer.zeros for layer in self.pointwise)


def parts_of(graph: Graph) -> tuple[Part, ...]:
    """The parts, none within another; a MEAN that no part can end with has one that says why."""
    producers = producers_of(graph)
    found: list[Part] = []
    for index in reversed(range(len(graph.nodes))):
        if graph.nodes[index].op != "MEAN" or any(index in part.nodes for part in found):
            continue
        found.append(_part(graph, index, producers))
    return tuple(reversed(found))


def producers_of(graph: Graph) -> dict[int, int]:
    """Number of the node that computes each tensor."""
    return {tensor: index for index, node in enumerate(graph.nodes) for tensor in node.outputs}


def _part(graph: Graph, end: int, producers: dict[int, int]) -> Part:
    nodes, blockers = {end}, list[Blocker]()
    windows, entries, pointwise = list[Window](), list[Window](), list[Pointwise]()
    waiting = [end]
    while waiting:
        index = waiting.pop()
        layer = layer_of(graph, index, producers)
        if isinstance(layer, str):
            blockers.append(Blocker(graph.layer_name(index), layer))
            continue
        if layer.window is not None:
            (entries if layer.kind is Kind.ENTRY else windows).append(layer.window)
            nodes |= set() if layer.window.pad is None else {layer.window.pad}
        elif graph.nodes[index].op == "CONV_2D":
            pointwise.append(_pointwise(graph, index, producers))
        for source in layer.sources:
            if source not in producers:
                blockers.append(Blocker(graph.layer_name(index), _NO_ENTRY))
            elif producers[source] not in nodes:
                nodes.add(producers[source])
                waiting.append(producers[source])
    mirrored, faults = _directions(graph, entries + windows)
    return Part(
        end=end,
        nodes=frozenset(nodes),
        entries=tuple(entries),
        windows=tuple(windows),
        pointwise=tuple(sorted(pointwise, key=lambda layer: layer.node)),
        mirrored=mirrored,
        blockers=(*blockers, *faults, *_other_readers(graph, end, nodes)),
    )


def _pointwise(graph: Graph, index: int, producers: dict[int, int]) -> Pointwise:
    weights = weights_of(graph, graph.nodes[index], producers)
    assert weights is not None  # or it would be no such layer
    elements = values(graph, weights)
    return Pointwise(index, weights, elements.size, elements.size - int(np.count_nonzero(elements)))


def _directions(graph: Graph, windows: list[Window]) -> tuple[tuple[bool, bool], list[Blocker]]:
    """Per axis whether to mirror, and the windows that fit in neither direction or not in that of the others."""
    mirrored, faults = [], []
    for axis, name in enumerate(_AXES):
        sides = [(window, window.sides[axis]) for window in windows]
        backwards = any(not side.fits(False) and side.fits(True) for _, side in sides)
        mirrored.append(backwards)
        faults += [
            Blocker(
                graph.layer_name(window.node),
                f"along its {name} it pads {side.before} before and {side.after} behind; sparse inference pads "
                f"{side.wanted} and {side.wanted}, which gives other outputs",
            )
            for window, side in sides
            if not side.fits(backwards)
        ]
    return (mirrored[0], mirrored[1]), faults


def _other_readers(graph: Graph, end: int, nodes: set[int]) -> Iterator[Blocker]:
    """Layers outside that read what is computed inside, which is in the other layout."""
    inside = {tensor for index in nodes - {end} for tensor in graph.nodes[index].outputs}
    for index, node in enumerate(graph.nodes):
        if index not in nodes and inside & set(node.inputs):
            yield Blocker(graph.layer_name(index), "it reads a layer of the part that sparse inference could run")
    if inside & set(graph.outputs):
        yield Blocker(graph.layer_name(end), "a layer before it is an output of the model")
