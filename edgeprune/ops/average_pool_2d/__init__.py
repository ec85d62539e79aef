"""AVERAGE_POOL_2D: the mean under a sliding window, of the taps that lie inside the input."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import Graph, Node
from edgeprune.ops.pooling import Pool2D, PoolKernel


class _Plain(PoolKernel):
    name = "ep_average_pool_2d_s8"
    folder = Path(__file__).parent
    fixed_cycles = 30.0

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        return 4 * graph.output(node).shape[3]


class AveragePool2D(Pool2D):
    """AVERAGE_POOL_2D over int8."""

    name = "AVERAGE_POOL_2D"
    summary = "Average over a window with stride, SAME or VALID padding and fused activation."
    kernels = (_Plain(),)


OPERATOR = AveragePool2D()
