"""AVERAGE_POOL_2D: the mean under a sliding window, of the taps that lie inside the input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.base import Kernel, KernelCode, Operator
from edgeprune.ops.geometry import PoolOptions

_FOLDER = Path(__file__).parent


class _Plain(Kernel):
    name = "ep_average_pool_2d_s8"
    folder = _FOLDER

    def cycles(self, graph: Graph, node: Node) -> float:
        return graph.output(node).size * (30.0 + 7.0 * geometry.pool_options(node).taps)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        return 4 * graph.output(node).shape[3]

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        return KernelCode((), geometry.pool_fields(graph, node))


class AveragePool2D(Operator):
    """AVERAGE_POOL_2D over int8."""

    name = "AVERAGE_POOL_2D"
    summary = "Average over a window with stride, SAME or VALID padding and fused activation."
    constraints = (
        base.int8_input_and_output,
        base.four_dimensions,
        base.same_quantization,
        geometry.positive_window,
        geometry.positive_steps,
        base.fused_activation,
    )
    kernels = (_Plain(),)

    def decode(self, options: Any) -> PoolOptions:
        """Translate `Pool2DOptionsT`."""
        return geometry.decode_pool(options)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[batch, rows, columns, channels]."""
        return geometry.pool_shape(graph, node)


OPERATOR = AveragePool2D()
