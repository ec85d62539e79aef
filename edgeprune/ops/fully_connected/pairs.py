"""FULLY_CONNECTED with two channels to a halfword of weights, for cores with the DSP extension.

`ep_dense_s8.h` tells the scheme and the layout of the tables.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.fully_connected.layer import dense_options, multipliers, sizes
from edgeprune.ops.requantize import accumulator_bounds, fast_requantization, has_fast_requantization
from edgeprune.targets import Cpu, Extension

#: Channels of a block, and taps of a group.
_BLOCK, _GROUP = 8, 4
#: Sums of the second channel of a pair, and biases that share a word with a shift, keep within this.
_PACKED_LIMIT = 1 << 23
#: Cycles of a Cortex-M4: a group of a block and of a pair; a round of the loop; a block, pair and row beside.
_BLOCK_GROUP, _PAIR_GROUP, _ROUND, _BLOCK_FIXED, _PAIR_FIXED, _ROW_FIXED = 39.0, 15.0, 4.0, 127.0, 90.0, 90.0
#: More per block where outputs are clamped to less than the int8 range.
_CLAMP_FIXED = 11.0
_GROUPS_PER_ROUND = 4
#: How the M4's cycles become another core's, measured on its timing model.
_CORE_FACTOR = {"cortex-m7": 0.67, "cortex-m33": 0.95}


def _weights(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    return graph.required(node, 1).constant().astype(np.int64)


def _halfwords(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """[channels, depth] to [channels / 2, groups, 4], two channels to a value, filled up with zeros."""
    channels, depth = weights.shape
    full = np.pad(weights, ((0, channels % 2), (0, -depth % _GROUP)))
    return (full[1::2] * 256 + full[0::2]).reshape(-1, -(-depth // _GROUP), _GROUP)


def _fit_halfwords(weights: npt.NDArray[np.int64]) -> bool:
    """Whether all pairs fit 16 bits: not so -128 above a negative weight."""
    halves = _halfwords(weights)
    return bool(halves.min() >= -(1 << 15)) and bool(halves.max() < 1 << 15)


def _words(halves: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """[pairs, groups, 4] to [pairs, groups, 2]: the words of taps 0, 2 and of taps 1, 3."""
    words: npt.NDArray[np.int64] = (halves[:, :, :2] & 0xFFFF) | ((halves[:, :, 2:] & 0xFFFF) << 16)
    return words


def _table(weights: npt.NDArray[np.int64], stage: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.int32]:
    """Blocks of channels, then pairs.

    Args:
        weights: int64 [channels, depth].
        stage: int64 [channels, n], words that follow the weights of each block or pair.
    """
    words = _words(_halfwords(weights))
    pairs, groups, _ = words.shape
    extra = 0 if stage is None else stage.shape[1]
    tail = np.zeros((2 * pairs, extra), np.int64)
    if stage is not None:
        tail[: len(weights)] = stage
    blocks = len(weights) // _BLOCK
    split = blocks * _BLOCK // 2
    in_blocks = words[:split].reshape(blocks, _BLOCK // 2, groups, 2).transpose(0, 2, 1, 3)
    first = in_blocks.reshape(blocks, groups * _BLOCK), tail[: 2 * split].reshape(blocks, _BLOCK * extra)
    rest = words[split:].reshape(pairs - split, groups * 2), tail[2 * split :].reshape(pairs - split, 2 * extra)
    table: npt.NDArray[np.int64] = np.concatenate([np.concatenate(part, axis=1).reshape(-1) for part in (first, rest)])
    return (table & 0xFFFFFFFF).astype(np.uint32).astype(np.int32)


class _Pairs(Kernel):
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP})
    code_bytes = 1300

    #: Cycles per block and per pair of channels beyond those of the common scheme.
    block_extra = 0.0
    pair_extra = 0.0

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        rows, depth, channels = sizes(graph, node)
        groups = -(-depth // _GROUP)
        block = groups * _BLOCK_GROUP + -(-groups // _GROUPS_PER_ROUND) * _ROUND + _BLOCK_FIXED + self.block_extra
        if activation_range(dense_options(node).activation, graph.output(node)) != (-128, 127):
            block += _CLAMP_FIXED
        pair = groups * _PAIR_GROUP + _PAIR_FIXED + self.pair_extra
        copy = 1.2 * depth if depth % _GROUP else 0.0
        blocks, pairs = channels // _BLOCK, -(-(channels % _BLOCK) // 2)
        cycles = rows * (blocks * block + pairs * pair + copy + _ROW_FIXED)
        weight_bytes = groups * _GROUP * (channels + channels % 2)
        return Cost(cycles * _CORE_FACTOR.get(cpu.core, 1.0), rows * weight_bytes, loop_bytes=580)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """A row, filled up to whole groups, where it does not have them."""
        depth = sizes(graph, node)[1]
        return -(-depth // _GROUP) * _GROUP if depth % _GROUP else 0


class FastPairs(_Pairs):
    """Requantizes by two multiplications; multipliers below 1/4, sums and biases within 23 bits."""

    name = "ep_fully_connected_s8_dsp"

    def supports(self, graph: Graph, node: Node) -> bool:
        """Where multipliers, sums and biases keep within the packed forms."""
        weights = _weights(graph, node)
        bias = accumulator_bounds(graph, node, weights)[0]
        return (
            has_fast_requantization(multipliers(graph, node))
            and int(np.abs(weights).sum(axis=1).max()) * 128 < _PACKED_LIMIT
            and int(bias.min()) >= -_PACKED_LIMIT
            and int(bias.max()) < _PACKED_LIMIT
            and _fit_halfwords(weights)
        )

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """One table of weights and stage."""
        rows, depth, channels = sizes(graph, node)
        weights = _weights(graph, node)
        bias = accumulator_bounds(graph, node, weights)[0]
        fast = fast_requantization(multipliers(graph, node))
        logarithm = np.log2(fast.scale.astype(np.float64)).astype(np.int64)
        stage = np.stack((bias * 256 + logarithm, fast.factor.astype(np.int64)), axis=1)
        low, high = activation_range(dense_options(node).activation, graph.output(node))
        fields = (
            *_size_fields(rows, depth, channels),
            CField("zero_point", str(graph.output(node).quantized().zero_point)),
            CField("low", str(low)),
            CField("high", str(high)),
        )
        return KernelCode((CArray("int32_t", "table", _table(weights, stage)),), fields)


class WidePairs(_Pairs):
    """Any multipliers, sums and biases."""

    name = "ep_fully_connected_s8_wide"
    block_extra = 450.0
    pair_extra = 100.0

    def supports(self, graph: Graph, node: Node) -> bool:
        """Where pairs of weights fit a halfword."""
        return _fit_halfwords(_weights(graph, node))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """A table of weights, and the general output stage."""
        weights = _weights(graph, node)
        folded = -graph.required(node, 0).quantized().zero_point * weights.sum(axis=1)
        activation = dense_options(node).activation
        arrays, stage = geometry.output_stage(graph, node, multipliers(graph, node), activation, folded)
        table = CArray("int32_t", "table", _table(weights))
        return KernelCode((table, *arrays), (*_size_fields(*sizes(graph, node)), CField("stage", stage)))


def _size_fields(rows: int, depth: int, channels: int) -> tuple[CField, ...]:
    return (
        CField("rows", str(rows)),
        CField("depth", str(depth)),
        CField("channels", str(channels)),
        CField("table", "{array:table}"),
    )
