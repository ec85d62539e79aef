"""MIRROR_PAD: a tensor and its mirror images around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.picks import Indices, Picking, PickKernel

_REFLECT = 0


@dataclass(frozen=True)
class MirrorPadOptions:
    """Options of MIRROR_PAD: whether the outermost element itself is not repeated."""

    reflect: bool


def _paddings(graph: Graph, node: Node) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    rows = graph.required(node, 1).constant().reshape(-1, 2).tolist()
    return tuple((int(before), int(after)) for before, after in rows)


def within_the_mirror(graph: Graph, node: Node) -> str | None:
    """Paddings are given for every dimension, not negative, and no wider than what they mirror."""
    shape, table = graph.required(node, 0).shape, graph.required(node, 1)
    if table.size != 2 * len(shape):
        return f"{table.shape} for {len(shape)} dimensions"
    edge = int(cast(MirrorPadOptions, node.options).reflect)
    for extent, pads in zip(shape, _paddings(graph, node), strict=True):
        if not 0 <= min(pads) <= max(pads) <= extent - edge:
            return f"{pads} of {extent}"
    return None


class _Kernel(PickKernel):
    types = ("float32", "int16", "int32", "int64", "int8", "uint8")

    def indices(self, graph: Graph, node: Node) -> tuple[Indices, ...]:
        mode = "reflect" if cast(MirrorPadOptions, node.options).reflect else "symmetric"
        pairs = zip(graph.required(node, 0).shape, _paddings(graph, node), strict=True)
        return tuple(np.pad(np.arange(extent), pads, mode=mode) for extent, pads in pairs)  # type: ignore[call-overload]


class MirrorPad(Picking):
    """MIRROR_PAD with constant paddings."""

    name = "MIRROR_PAD"
    summary = "Mirror images before and after any dimension of a tensor."
    constraints = (moves.same_type, moves.constant((1,), "The paddings are"), within_the_mirror)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> MirrorPadOptions:
        """Translate `MirrorPadOptionsT`."""
        return MirrorPadOptions(options.mode == _REFLECT)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each extent with its paddings."""
        pairs = zip(graph.required(node, 0).shape, _paddings(graph, node), strict=True)
        return tuple(extent + sum(pads) for extent, pads in pairs)


OPERATOR = MirrorPad()
