"""DEPTHWISE_CONV_2D for cores with Helium."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, tiles
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.requantize import accumulator_bounds
from edgeprune.targets import Cpu, Extension

#: Channels of a vector.
_LANES = 16
#: Order in which the four vectors of sums hold them.
_ORDER = np.arange(_LANES).reshape(4, 4).T[[0, 2, 1, 3]].reshape(-1)
#: On a 64-bit host, where the same code is checked.
_POINTER_BYTES = 8


class Sixteens(Kernel):
    """Sixteen channels at a time, any window."""

    name = "ep_depthwise_conv_2d_s8_mve"
    folder = Path(__file__).parent
    needs = frozenset({Extension.HELIUM})
    code_bytes = 700

    def supports(self, graph: Graph, node: Node) -> bool:
        """One output channel per input channel, multipliers below 1/2."""
        channels = graph.required(node, 1).shape[3]
        single = channels == graph.required(node, 0).shape[3]
        return single and tiles.fits(geometry.convolution_multipliers(graph, node, channels))

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Addresses, products, output."""
        _, height, width, channels = graph.required(node, 1).shape
        pixels, sixteens = graph.output(node).size // channels, -(-channels // _LANES)
        pairs = -(-height * width // 2)
        instructions = pixels * (60 + 13.0 * height * width + sixteens * (65 + 33.0 * pairs))
        return Cost(tiles.CYCLES * instructions, table_bytes=pixels * sixteens * (32.0 * pairs + 192))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """An address for each tap, and a pixel of the border."""
        _, height, width, channels = graph.required(node, 1).shape
        return _POINTER_BYTES * 2 * -(-height * width // 2) + channels

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights and factors in sixteens of channels."""
        _, height, width, channels = graph.required(node, 1).shape
        source, output = graph.required(node, 0).quantized(), graph.output(node)
        taps = graph.required(node, 1).constant().astype(np.int64).reshape(-1, channels)
        multipliers = geometry.convolution_multipliers(graph, node, channels)
        pairs = -(-height * width // 2)
        padded = np.pad(taps, ((0, len(taps) % 2), (0, -channels % _LANES))).astype(np.int8)
        weights = padded.reshape(2 * pairs, -1, _LANES).transpose(1, 0, 2)
        folded, _, _ = accumulator_bounds(graph, node, taps.T)
        # A multiplier of 0, of channels that are not there too, is shifted by 1.
        shifts = [m.shift if m.mantissa else -1 for m in multipliers]
        words = np.array([folded, [m.mantissa for m in multipliers], shifts], np.int64)
        rest = np.tile(np.array([[0], [0], [-1]], np.int64), -channels % _LANES)
        words = np.concatenate([words, rest], axis=1).reshape(3, -1, _LANES)[:, :, _ORDER].transpose(1, 0, 2)
        low, high = activation_range(geometry.convolution_options(node).activation, output)
        zero_point = output.quantized().zero_point
        arrays = CArray("int8_t", "weights", weights), CArray("int32_t", "stage", words.astype(np.int32))
        fields = (
            geometry.convolution_window(graph, node),
            CField("input_zero_point", str(source.zero_point)),
            CField("pairs", str(pairs)),
            CField("weights", "{array:weights}"),
            CField("stage", "{array:stage}"),
            CField("zero_point", str(zero_point)),
            CField("low", str(low)),
            CField("high", str(high)),
            CField("ties", str(int(low < zero_point))),
        )
        return KernelCode(arrays, fields)


KERNELS: tuple[Kernel, ...] = (Sixteens(),)
