"""How many channels each space gives: what costs least per multiply-accumulate saved, measured on data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeprune.compact.selection import Level
from edgeprune.compact.structure import Structure
from edgeprune.graph import Graph
from edgeprune.optimize.constant_channels.groups import Mask


@dataclass(frozen=True)
class Choice:
    """A level for each space.

    Attributes:
        levels: Per space the number of its level.
        macs: What the model takes then.
    """

    levels: tuple[int, ...]
    macs: int


def kept(structure: Structure, levels: Sequence[Level]) -> Mask:
    """Per group whether it stays."""
    keep = np.ones(structure.count, np.bool_)
    for level in levels:
        keep[level.gone] = False
    return keep


def macs_of(structure: Structure, keep: Mask) -> int:
    """Multiply-accumulates of the layers with weights, when those groups stay."""
    graph, total = structure.graph, 0
    for index, node in enumerate(graph.nodes):
        if index in structure.layers or node.op == "DEPTHWISE_CONV_2D":
            total += _layer_macs(graph, structure, index, keep)
    return total


def _layer_macs(graph: Graph, structure: Structure, index: int, keep: Mask) -> int:
    node = graph.nodes[index]
    shape = graph.output(node).shape
    outputs = int(keep[structure.group[node.outputs[0]]].sum())
    positions = int(np.prod(shape[:-1]))
    if index not in structure.layers:
        return positions * outputs * int(np.prod(graph.required(node, 1).shape[1:3]))
    inputs = int(keep[structure.group[node.inputs[0]]].sum())
    return positions * outputs * inputs * structure.layers[index].weights.shape[1]


def choices(
    structure: Structure, levels: Sequence[Sequence[Level]], losses: Sequence[Sequence[float]]
) -> tuple[Choice, ...]:
    """Ever cheaper models, from the whole one on: each narrows the space that loses least for what it saves.

    Args:
        structure: The graph.
        levels: Per space its levels.
        losses: Per space the loss at each level, when only this space is narrowed.
    """
    rising = [np.maximum.accumulate(loss) for loss in losses]
    state = [0] * len(levels)
    macs = macs_of(structure, np.ones(structure.count, np.bool_))
    found = [Choice(tuple(state), macs)]
    while True:
        best: tuple[float, int, int, int] | None = None
        for space, own in enumerate(levels):
            for level in range(state[space] + 1, len(own)):
                trial = [*state[:space], level, *state[space + 1 :]]
                after = macs_of(structure, kept(structure, [levels[s][n] for s, n in enumerate(trial)]))
                price = (rising[space][level] - rising[space][state[space]] + 1e-9) / max(macs - after, 1)
                if best is None or price < best[0]:
                    best = (float(price), space, level, after)
        if best is None:
            return tuple(found)
        _, space, level, macs = best
        state[space] = level
        found.append(Choice(tuple(state), macs))
