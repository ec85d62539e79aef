"""FULLY_CONNECTED for cores without DSP extension."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import scalar_stage
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.fully_connected.layer import dense_options, multipliers
from edgeprune.targets import Cpu


def _weights(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    return graph.required(node, 1).constant().astype(np.int64)


class Fours(Kernel):
    """Four output channels at a time, which share the load of an activation."""

    name = "ep_fully_connected_s8_fours"
    folder = Path(__file__).parent
    code_bytes = 800

    def supports(self, graph: Graph, node: Node) -> bool:
        """Numbers for which the requantization is exact."""
        return scalar_stage.fits(graph, node, _weights(graph, node), multipliers(graph, node))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Products of whole fours, output."""
        channels, depth = graph.required(node, 1).shape
        rows, fours = graph.required(node, 0).size // depth, -(-channels // 4)
        cycles = rows * (80.0 + fours * (21.0 * depth + 30) + channels * 50)
        return Cost(cycles, table_bytes=rows * (4.0 * fours * depth + 16 * channels))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights of four channels side by side, and what makes int8 of the sums."""
        weights = _weights(graph, node)
        channels, depth = weights.shape
        activation = dense_options(node).activation
        words, stage = scalar_stage.tables(graph, node, weights, multipliers(graph, node), activation)
        padded = np.pad(weights, ((0, -channels % 4), (0, 0))).astype(np.int8)
        table = padded.reshape(-1, 4, depth).transpose(0, 2, 1)
        fields = (
            CField("stage", stage),
            CField("depth", str(depth)),
            CField("weights", "{array:weights}"),
            CField("rows", str(graph.required(node, 0).size // depth)),
        )
        return KernelCode((CArray("int8_t", "weights", table), words), fields)


KERNELS: tuple[Kernel, ...] = (Fours(),)
