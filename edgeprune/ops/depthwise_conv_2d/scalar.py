"""DEPTHWISE_CONV_2D for cores without DSP extension."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, scalar_stage
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.targets import Cpu

#: On the target; a host's pointers, where the same code is checked, take twice that.
_POINTER_BYTES = 8


def _rows(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """Weights as [channels, taps]."""
    weights = graph.required(node, 1).constant().astype(np.int64)
    return weights.reshape(-1, weights.shape[3]).T


class Triples(Kernel):
    """Three output pixels at a time, which share the loads of weights."""

    name = "ep_depthwise_conv_2d_s8_triples"
    folder = Path(__file__).parent
    code_bytes = 900

    def supports(self, graph: Graph, node: Node) -> bool:
        """Numbers for which the requantization is exact."""
        rows = _rows(graph, node)
        return scalar_stage.fits(graph, node, rows, geometry.convolution_multipliers(graph, node, len(rows)))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Addresses, products, output."""
        channels, taps = _rows(graph, node).shape
        groups = -(-graph.output(node).size // channels // 3)
        cycles = groups * (200.0 + 135.0 * taps + channels * (19.4 * taps + 164))
        return Cost(cycles, table_bytes=groups * channels * (taps + 16.0))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Four addresses for each tap, and a pixel of the border."""
        return 4 * _POINTER_BYTES * _rows(graph, node).shape[1] + graph.required(node, 0).shape[3]

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights as they are, and what makes int8 of the sums."""
        rows = _rows(graph, node)
        channels, taps = rows.shape
        source = graph.required(node, 0)
        multipliers = geometry.convolution_multipliers(graph, node, channels)
        activation = geometry.convolution_options(node).activation
        words, stage = scalar_stage.tables(graph, node, rows, multipliers, activation)
        fields = (
            CField("stage", stage),
            CField("taps", str(taps)),
            CField("rest", str(taps % 3)),
            CField("multiplier", str(channels // source.shape[3])),
            CField("input_zero_point", str(source.quantized().zero_point)),
            CField("weights", "{array:weights}"),
            geometry.convolution_window(graph, node),
        )
        return KernelCode((CArray("int8_t", "weights", rows.T.astype(np.int8)), words), fields)


KERNELS: tuple[Kernel, ...] = (Triples(),)
