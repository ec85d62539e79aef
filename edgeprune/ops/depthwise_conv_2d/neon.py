"""DEPTHWISE_CONV_2D for cores with Neon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, neon
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.requantize import accumulator_bounds
from edgeprune.targets import Cpu, Extension


def _taps(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """Weights as [taps, channels]."""
    weights = graph.required(node, 1).constant().astype(np.int64)
    return weights.reshape(-1, weights.shape[3])


def _blocks(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """[..., channels] as [blocks, ..., 16]: the last block overlaps the one before it, or is filled with zeros."""
    channels = rows.shape[-1]
    padded = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, max(neon.WIDTH - channels, 0))])
    starts = [min(start, max(channels - neon.WIDTH, 0)) for start in range(0, channels, neon.WIDTH)]
    return np.stack([padded[..., start : start + neon.WIDTH] for start in starts])


def _frame(graph: Graph, node: Node) -> neon.Frame:
    """A copy, where vectors would go beyond the input otherwise."""
    _, height, width, channels = graph.required(node, 1).shape
    options, source = geometry.convolution_options(node), graph.required(node, 0).shape
    steps = neon.Steps((height, width), options.stride, options.dilation, options.padding)
    return neon.frame(source, graph.output(node).shape, steps, always=channels < neon.WIDTH)


def _goes_down_columns(graph: Graph, node: Node) -> bool:
    options = geometry.convolution_options(node)
    return graph.required(node, 1).shape[1:3] == (3, 3) and (*options.stride, *options.dilation) == (1, 1, 1, 1)


class Blocks(Kernel):
    """Sixteen channels at a time, any window."""

    name = "ep_depthwise_conv_2d_s8_neon"
    folder = Path(__file__).parent
    needs = frozenset({Extension.NEON})
    code_bytes = 6_000

    def supports(self, graph: Graph, node: Node) -> bool:
        """One output channel per input channel."""
        return geometry.channels_match(graph, node)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions."""
        taps, channels = _taps(graph, node).shape
        outputs = graph.output(node).size // channels * -(-channels // neon.WIDTH)
        each = 40.0 + 6.5 * taps
        if _goes_down_columns(graph, node) and Extension.DOT_PRODUCT in cpu.extensions:
            each = 56.0
        frames = graph.required(node, 0).shape[0] * _frame(graph, node).instructions
        return Cost(200 + frames + outputs * each)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The framed image."""
        return _frame(graph, node).nbytes

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights and factors in blocks of channels."""
        taps, frame = _taps(graph, node), _frame(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, taps.shape[1])
        activation = geometry.convolution_options(node).activation
        columns = _goes_down_columns(graph, node)
        arrays = [
            CArray("int8_t", "weights", _blocks(taps).astype(np.int8)),
            CArray("int32_t", "stage", self._stage(graph, node)),
            CArray("int32_t", "offsets", self._offsets(graph, node)),
        ]
        if columns:
            # [blocks, 9, 16] -> [blocks, 3, 16, 3 and a zero]
            lanes = _blocks(taps).reshape(-1, 3, 3, neon.WIDTH).transpose(0, 1, 3, 2)
            words = np.pad(lanes, ((0, 0), (0, 0), (0, 0), (0, 1)))
            arrays.append(CArray("int8_t", "interleaved", words.astype(np.int8)))
        fields = (
            geometry.convolution_window(graph, node),
            CField("frame", frame.initialiser(graph.required(node, 0).quantized().zero_point)),
            CField("weights", "{array:weights}"),
            CField("interleaved", "{array:interleaved}" if columns else "NULL"),
            CField("stage", "{array:stage}"),
            CField("offsets", "{array:offsets}"),
            CField("taps", str(len(taps))),
            CField("paired", str(int(neon.is_paired(taps)))),
            CField("output", neon.output_initialiser(graph, node, multipliers, activation)),
        )
        return KernelCode(tuple(arrays), fields)

    @staticmethod
    def _stage(graph: Graph, node: Node) -> npt.NDArray[np.int32]:
        """int32 [blocks, 3, 16]: bias, mantissas, shifts."""
        taps = _taps(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, taps.shape[1])
        folded, _, _ = accumulator_bounds(graph, node, taps.T)
        rows = neon.stage(folded, multipliers).transpose(1, 0, 2).reshape(3, -1)[:, : len(multipliers)]
        return _blocks(rows.astype(np.int64)).astype(np.int32)

    @staticmethod
    def _offsets(graph: Graph, node: Node) -> npt.NDArray[np.int32]:
        """Of the taps from the first."""
        _, height, width, channels = graph.required(node, 1).shape
        down, right = geometry.convolution_options(node).dilation
        line = _frame(graph, node).extents[1]
        places = [(y * down * line + x * right) * channels for y in range(height) for x in range(width)]
        return np.array(places, np.int32)


KERNELS: tuple[Kernel, ...] = (Blocks(),)
