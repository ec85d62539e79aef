"""CONV_2D for cores with Helium."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, tiles
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.window import slide
from edgeprune.targets import Extension, McuCpu


def _weights(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """Weights as [out channels, filter rows, activations of a filter row]."""
    weights = graph.required(node, 1).constant().astype(np.int64)
    return weights.reshape(weights.shape[0], weights.shape[1], -1)


def _row(graph: Graph, node: Node) -> tuple[int, int, int]:
    """Bytes of a copied row before, in and after the input."""
    source, output = graph.required(node, 0).shape, graph.output(node).shape
    options, width = geometry.convolution_options(node), graph.required(node, 1).shape[2]
    steps = slide(source[2], width, options.stride[1], 1, options.padding)
    extent = (output[2] - 1) * options.stride[1] + width
    inside = min(source[2], extent - steps.before)
    return steps.before * source[3], inside * source[3], (extent - steps.before - inside) * source[3]


class Tiles(Kernel):
    """Sixteen products an instruction, two pixels times four channels."""

    name = "ep_conv_2d_s8_mve"
    folder = Path(__file__).parent
    needs = frozenset({Extension.HELIUM})
    code_bytes = 700

    def supports(self, graph: Graph, node: Node) -> bool:
        """One group, columns next to each other, multipliers below 1/2."""
        shape = graph.required(node, 1).shape
        one_group = shape[3] == graph.required(node, 0).shape[3]
        close = shape[2] == 1 or geometry.convolution_options(node).dilation[1] == 1
        return one_group and close and tiles.fits(geometry.convolution_multipliers(graph, node, shape[0]))

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        """Copying rows, and passes over pairs of pixels."""
        channels, rows, count = _weights(graph, node).shape
        batches, height, width, _ = graph.output(node).shape
        passes = batches * height * -(-width // 2) * -(-channels // 4)
        copied = batches * height * rows * (sum(_row(graph, node)) / 5 + 60)
        instructions = copied + passes * (tiles.pass_instructions(rows, count)) + 60.0 * passes / -(-channels // 4)
        return Cost(tiles.CYCLES * instructions, table_bytes=passes * 4.0 * rows * count)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The copied rows, and what the last vector may read behind them."""
        return sum(_row(graph, node)) * graph.required(node, 1).shape[1] + tiles.BLOCK

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table of all channels, and how rows are copied."""
        weights = _weights(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, len(weights))
        before, inside, after = _row(graph, node)
        activation = geometry.convolution_options(node).activation
        arrays, fields = tiles.tables(graph, node, weights, multipliers, activation, before + inside + after)
        own = (
            geometry.convolution_window(graph, node),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("before", str(before)),
            CField("inside", str(inside)),
            CField("after", str(after)),
        )
        return KernelCode(arrays, own + fields)


KERNELS: tuple[Kernel, ...] = (Tiles(),)
