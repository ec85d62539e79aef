"""CONV_2D for cores without DSP extension."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, scalar_stage, triples
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.targets import Cpu


def _rows(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """Weights as [out channels, depth]."""
    weights = graph.required(node, 1).constant().astype(np.int64)
    return weights.reshape(len(weights), -1)


class Triples(Kernel):
    """Three output pixels at a time, two multiplications for three multiply-accumulates."""

    name = "ep_conv_2d_s8_triples"
    folder = Path(__file__).parent
    code_bytes = 1400

    def supports(self, graph: Graph, node: Node) -> bool:
        """One group, and numbers for which the scheme is exact."""
        rows = _rows(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, len(rows))
        return geometry.channels_match(graph, node) and scalar_stage.fits(graph, node, rows, multipliers)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Packing, multiplying, output."""
        out, *window = graph.required(node, 1).shape
        groups = -(-graph.output(node).size // out // 3)
        depth = -(-math.prod(window) // 4) * 4
        gather = 150.0 + 180.0 * window[0] + 17.0 * math.prod(window)
        return Cost(groups * (gather + out * (8.25 * depth + 164)), table_bytes=groups * out * (depth + 16.0))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Columns of two words, and a pixel of the border."""
        depth = math.prod(graph.required(node, 1).shape[1:])
        return 8 * (-(-depth // 4) * 4) + graph.required(node, 0).shape[3]

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Where each pixel depends on itself only, and its output is no longer than its input."""
        source, output = graph.required(node, 0).shape, graph.output(node).shape
        options = geometry.convolution_options(node)
        single = graph.required(node, 1).shape[1:3] == (1, 1) and options.stride == (1, 1)
        return (0,) if single and output[3] <= source[3] else ()

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights in pairs of channels, and what makes int8 of the sums."""
        rows = _rows(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, len(rows))
        activation = geometry.convolution_options(node).activation
        arrays, field = triples.tables(graph, node, rows, multipliers, activation)
        zero_point = graph.required(node, 0).quantized().zero_point
        fields = (geometry.convolution_window(graph, node), CField("input_zero_point", str(zero_point)), field)
        return KernelCode(arrays, fields)


KERNELS: tuple[Kernel, ...] = (Triples(),)
