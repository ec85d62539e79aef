"""FULLY_CONNECTED for cores with Neon."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import neon
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.fully_connected.layer import dense_options, multipliers, sizes
from edgeprune.targets import Cpu, Extension


def _copied_bytes(depth: int) -> int:
    """Of a row in scratch, whose words must be whole; 0 where they are."""
    return -(-depth // neon.WIDTH) * neon.WIDTH if depth % neon.WORD else 0


class Panels(Kernel):
    """Sixteen filters at a time."""

    name = "ep_fully_connected_s8_neon"
    folder = Path(__file__).parent
    needs = frozenset({Extension.NEON})
    code_bytes = 12_000

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions."""
        rows, depth, channels = sizes(graph, node)
        copying = rows * (40 + depth / 16) if _copied_bytes(depth) else 0.0
        return Cost(100 + copying + neon.Panels(channels, 1, -(-depth // neon.WORD)).instructions(rows, cpu))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """A band of rows, where they are copied."""
        rows, depth, _ = sizes(graph, node)
        return min(rows, neon.BAND) * _copied_bytes(depth)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Filters in panels."""
        rows, depth, channels = sizes(graph, node)
        weights = graph.required(node, 1).constant().astype(np.int64).reshape(channels, 1, depth)
        activation = dense_options(node).activation
        arrays, panels = neon.panel_tables(graph, node, weights, multipliers(graph, node), activation, (0,))
        fields = (
            CField("rows", str(rows)),
            CField("depth", str(depth)),
            CField("copied_bytes", str(_copied_bytes(depth))),
            CField("panels", panels),
        )
        return KernelCode(arrays, fields)


KERNELS: tuple[Kernel, ...] = (Panels(),)
