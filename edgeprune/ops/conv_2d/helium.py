"""CONV_2D for cores with Helium."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, tiles
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.window import slide
from edgeprune.targets import Cpu, Extension


def _weights(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """Weights as [out channels, depth], a filter's in the order column, row, channel."""
    weights = graph.required(node, 1).constant().astype(np.int64)
    return weights.transpose(0, 2, 1, 3).reshape(len(weights), -1)


def _row(graph: Graph, node: Node) -> tuple[int, int, int]:
    """Columns before, in and after the input."""
    source, output = graph.required(node, 0).shape, graph.output(node).shape
    options, width = geometry.convolution_options(node), graph.required(node, 1).shape[2]
    steps = slide(source[2], width, options.stride[1], 1, options.padding)
    extent = (output[2] - 1) * options.stride[1] + width
    inside = min(source[2], extent - steps.before)
    return steps.before, inside, extent - steps.before - inside


class Tiles(Kernel):
    """Sixteen products an instruction, two pixels times four channels."""

    name = "ep_conv_2d_s8_mve"
    folder = Path(__file__).parent
    needs = frozenset({Extension.HELIUM})
    code_bytes = 700

    def supports(self, graph: Graph, node: Node) -> bool:
        """One group, columns next to each other, multipliers below 1/2."""
        channels, _, width, _ = graph.required(node, 1).shape
        if not geometry.channels_match(graph, node):
            return False
        close = width == 1 or geometry.convolution_options(node).dilation[1] == 1
        return close and tiles.fits(geometry.convolution_multipliers(graph, node, channels))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Copying rows, and passes over pairs of pixels."""
        channels, filter_rows, _, depth = graph.required(node, 1).shape
        batches, height, width, _ = graph.output(node).shape
        count = _weights(graph, node).shape[1]
        pairs, fours = batches * height * -(-width // 2), -(-channels // 4)
        copied = batches * height * filter_rows * (40 + sum(_row(graph, node)) * (8.0 * tiles.blocks(depth)))
        instructions = copied + pairs * (55 + fours * tiles.pass_instructions(count))
        return Cost(tiles.CYCLES * instructions, table_bytes=pairs * fours * 4.0 * count)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The copied rows, and what the last vector may read behind them."""
        _, rows, _, depth = graph.required(node, 1).shape
        return sum(_row(graph, node)) * rows * depth + tiles.BLOCK

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table of all channels, and how rows are copied."""
        weights = _weights(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, len(weights))
        before, inside, after = _row(graph, node)
        activation = geometry.convolution_options(node).activation
        arrays, fields = tiles.tables(graph, node, weights, multipliers, activation)
        own = (
            geometry.convolution_window(graph, node),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("before", str(before)),
            CField("inside", str(inside)),
            CField("after", str(after)),
        )
        return KernelCode(arrays, own + fields)


KERNELS: tuple[Kernel, ...] = (Tiles(),)
