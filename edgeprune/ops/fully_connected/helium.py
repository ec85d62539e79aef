"""FULLY_CONNECTED for cores with Helium."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import tiles
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.fully_connected.layer import dense_options, multipliers, sizes
from edgeprune.targets import Cpu, Extension


class Tiles(Kernel):
    """Sixteen products an instruction, two rows times four channels."""

    name = "ep_fully_connected_s8_mve"
    folder = Path(__file__).parent
    needs = frozenset({Extension.HELIUM})
    code_bytes = 500

    def supports(self, graph: Graph, node: Node) -> bool:
        """Multipliers below 1/2."""
        return tiles.fits(multipliers(graph, node))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Copying rows, and passes over pairs of rows."""
        rows, depth, channels = sizes(graph, node)
        passes = -(-rows // 2) * -(-channels // 4)
        instructions = rows * (depth / 5 + 60) + passes * tiles.pass_instructions(depth)
        return Cost(tiles.CYCLES * instructions, table_bytes=passes * 4.0 * depth)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Two rows, and what the last vector may read behind them."""
        rows, depth, _ = sizes(graph, node)
        return min(rows, 2) * depth + tiles.BLOCK

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table of all channels."""
        rows, depth, _ = sizes(graph, node)
        weights = graph.required(node, 1).constant().astype(np.int64)
        activation = dense_options(node).activation
        arrays, fields = tiles.tables(graph, node, weights, multipliers(graph, node), activation)
        return KernelCode(arrays, (CField("rows", str(rows)), CField("depth", str(depth)), *fields))


KERNELS: tuple[Kernel, ...] = (Tiles(),)
