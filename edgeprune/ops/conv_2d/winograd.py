"""CONV_2D 3x3 with stride 1 by exact integer Winograd F(4x4, 3x3), for cores with DSP.

A quarter of the products of a direct convolution, paid for by transforms of inputs and
outputs, and either by weights transformed ahead, which take 8 times the flash, or by
transforming them once per batch of tiles, which takes RAM and time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.requantize import accumulator_bounds, fast_requantization, has_fast_requantization
from edgeprune.targets import Cpu, Extension

#: Weight transform as `ep_conv_2d_s8_winograd_weights.h` has it.
_G = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]], np.int64)
#: Outputs of a tile, per side, and patches multiplied at a time.
_TILE, _BLOCK = 4, 4
#: 64 times the sum over an output's window must fit int32; and what the requantization takes.
_SUM_LIMIT, _ACCUMULATOR_LIMIT = 1 << 25, 1 << 30
#: Pairs of channels of which the products are a loop only beyond the first number, in rounds of the
#: second, so that a cache of 1 KB holds it; with weights in order they are unrolled up to the third.
_WITHOUT_LOOP, _ROUND, _UNROLLED = 8, 6, 40
#: `ep_winograd_tile` on a 64-bit host; a core takes less.
_TILE_BYTES = 40


@dataclass(frozen=True)
class _Shape:
    """What of a layer its cost and memory depend on."""

    batches: int
    tile_rows: int
    tile_columns: int
    real_depth: int
    channels: int
    partial: int

    @property
    def tiles(self) -> int:
        """Of one image."""
        return self.tile_rows * self.tile_columns

    @property
    def depth(self) -> int:
        """Input channels by fours, as the band has them."""
        return -(-self.real_depth // 4) * 4

    @property
    def pairs(self) -> int:
        """Of input channels."""
        return self.depth // 2

    @property
    def band_bytes(self) -> int:
        """Of six rows."""
        return 6 * (_TILE * self.tile_columns + 2) * self.depth


def _shape(graph: Graph, node: Node) -> _Shape:
    batches, height, width, channels = graph.output(node).shape
    rows, columns = -(-height // _TILE), -(-width // _TILE)
    partial = rows * columns - (height // _TILE) * (width // _TILE)
    return _Shape(batches, rows, columns, graph.required(node, 0).shape[3], channels, partial)


def _filters(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """int64 [channels, 3, 3, depth]."""
    return graph.required(node, 1).constant().astype(np.int64)


@dataclass(frozen=True)
class Winograd(Kernel):
    """Batches of `batch` tiles.

    Attributes:
        batch: 4x4 tiles of output whose input is transformed at a time; a multiple of 4.
        transformed: Whether weights lie in flash as the products need them, int16 and 36 for 9.
    """

    batch: int
    transformed: bool

    name = "ep_conv_2d_s8_winograd"
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP})
    code_bytes = 5400

    @property
    def label(self) -> str:
        """Names what differs."""
        return f"{self.name}:{self.batch} tiles" + (", weights transformed" if self.transformed else "")

    def supports(self, graph: Graph, node: Node) -> bool:
        """3x3, stride and dilation 1, one group of channels, and sums that fit."""
        weights, options = graph.required(node, 1).shape, geometry.convolution_options(node)
        depth = graph.required(node, 0).shape[3]
        if weights[1:] != (3, 3, depth) or options.stride + options.dilation != (1, 1, 1, 1):
            return False
        if self.transformed and depth > 2 * _UNROLLED:
            return False
        if self.batch > _BLOCK and self.batch >= 2 * _shape(graph, node).tiles:
            return False  # a smaller batch does the same in less memory
        rows = _filters(graph, node).reshape(weights[0], -1)
        _, low, high = accumulator_bounds(graph, node, rows)
        positive, negative = np.maximum(rows, 0).sum(axis=1), np.minimum(rows, 0).sum(axis=1)
        return (
            has_fast_requantization(geometry.convolution_multipliers(graph, node, weights[0]))
            and bool(255 * positive.max() < _SUM_LIMIT and 255 * negative.min() >= -_SUM_LIMIT)
            and bool(low.min() >= -_ACCUMULATOR_LIMIT and high.max() < _ACCUMULATOR_LIMIT)
        )

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Each transform and the products; weights are read once per batch."""
        shape = _shape(graph, node)
        low, high = activation_range(geometry.convolution_options(node).activation, graph.output(node))
        sign = 0 if low >= graph.output(node).quantized().zero_point else 16
        clamp = 0.0 if (low, high) == (-128, 127) else 3.0 * graph.output(node).size / shape.batches
        batches = -(-shape.tiles // self.batch)
        cycles = _input_cycles(shape) + _product_cycles(shape, self.transformed) + _output_cycles(shape, sign) + clamp
        if not self.transformed:
            cycles += batches * (shape.channels + shape.channels % 2) * (_WEIGHT_CYCLES * shape.pairs + 60)
        read = batches * 9 * shape.depth * shape.channels
        if self.transformed:
            read = 144 * shape.pairs * shape.channels * -(-shape.tiles // _BLOCK)
        return Cost(
            shape.batches * cycles * _CORE_FACTOR.get(cpu.core, 1.0),
            shape.batches * read,
            _loop_bytes(shape, self.transformed),
        )

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Descriptors, columns, V and sums, the band, and U where it is made."""
        shape = _shape(graph, node)
        v = 6 * (self._batch(shape) * 24 * shape.pairs + 192)
        u = 0 if self.transformed else 288 * shape.pairs
        return _TILE_BYTES * self._batch(shape) + 6 * 18 * 4 + v + shape.band_bytes + u

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Outputs stay behind the rows that are still to be read."""
        source, output = graph.required(node, 0).shape, graph.output(node).shape
        return (0,) if output[2] * output[3] <= source[2] * source[3] else ()

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Weights, transformed or regrouped, and what makes int8 of the sums."""
        shape, weights = _shape(graph, node), _filters(graph, node)
        rows = weights.reshape(len(weights), -1)
        bias, _, _ = accumulator_bounds(graph, node, rows)
        fast = fast_requantization(geometry.convolution_multipliers(graph, node, len(weights)))
        stage = (
            CArray("int32_t", "bias", (bias - 128 * rows.sum(axis=1)).astype(np.int32)),
            CArray("int32_t", "factor", fast.factor),
            CArray("int32_t", "scale", fast.scale),
        )
        table = _transformed(weights) if self.transformed else _taps(weights)
        output = graph.output(node)
        low, high = activation_range(geometry.convolution_options(node).activation, output)
        zero_point = output.quantized().zero_point
        fields = (
            geometry.convolution_window(graph, node),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("depth", str(shape.depth)),
            CField("batch_tiles", str(self._batch(shape))),
            CField(table.suffix, f"{{array:{table.suffix}}}"),
            *(CField(array.suffix, f"{{array:{array.suffix}}}") for array in stage),
            CField("product", _unrolled(shape) if self.transformed else _product(shape)),
            CField("finish", f"ep_winograd_output_{'relu' if low >= zero_point else 'any'}"),
            CField("output_zero_point", str(zero_point)),
            CField("low", str(low)),
            CField("high", str(high)),
        )
        if not self.transformed:
            return KernelCode((table, *stage), fields)
        definition = f"EP_WINOGRAD_PRODUCT({_unrolled(shape)}, {shape.pairs})"
        return KernelCode((table, *stage), fields, (definition,), _loop_bytes(shape, self.transformed))

    def _batch(self, shape: _Shape) -> int:
        """Tiles of a batch, no more than there are, in whole blocks."""
        return min(self.batch, -(-shape.tiles // _BLOCK) * _BLOCK)


def _padded(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Zeros behind channels that are not by two, and behind a depth that is not by four."""
    return np.pad(weights, ((0, len(weights) % 2), (0, 0), (0, 0), (0, -weights.shape[3] % 4)))


def _taps(weights: npt.NDArray[np.int64]) -> CArray:
    """int8 [channels, depth / 4, 9, 4]."""
    even = _padded(weights)
    taps = even.reshape(len(even), 9, -1, 4).transpose(0, 2, 1, 3)
    return CArray("int8_t", "taps", taps.astype(np.int8))


def _transformed(weights: npt.NDArray[np.int64]) -> CArray:
    """int16 [channels / 2, 36, depth / 2, 2, 2]: the last axis is channels 0 and 2 of four, or 1 and 3."""
    even = _padded(weights)
    u = np.einsum("ia,oabc,jb->ijoc", _G, even, _G, optimize=True)
    u = u.reshape(36, len(even) // 2, 2, -1, 2, 2).transpose(1, 0, 3, 5, 2, 4)
    return CArray("int16_t", "transformed", u.astype(np.int16))


def _first(shape: _Shape) -> int:
    """Pairs that the products take before their loop, if there is one."""
    return shape.pairs if shape.pairs <= _WITHOUT_LOOP else 4 + (shape.pairs - 4) % _ROUND


def _product(shape: _Shape) -> str:
    looped = "_looped" if shape.pairs > _WITHOUT_LOOP else ""
    return f"ep_winograd_product_{_first(shape)}{looped}"


def _unrolled(shape: _Shape) -> str:
    return f"ep_winograd_product_unrolled_{shape.pairs}"


def _loop_bytes(shape: _Shape, unrolled: bool) -> int:
    """Code of the products, where most of the time goes: of three places, or of one with its loop."""
    if unrolled:
        return 168 * shape.pairs + 200
    return 56 * (_first(shape) + (_ROUND if shape.pairs > _WITHOUT_LOOP else 0)) + 130


#: How the M4's cycles become another core's, measured on its timing model.
_CORE_FACTOR = {"cortex-m7": 0.71, "cortex-m33": 0.94}
#: Cycles of a Cortex-M4 per pair of channels of one filter.
_WEIGHT_CYCLES = 152.0


def _input_cycles(shape: _Shape) -> float:
    """Filling bands, and transforming patches in runs of neighbours."""
    runs = _runs(shape)
    fill = (0.75 if shape.real_depth % 4 == 0 else 2.4) * shape.band_bytes + 600
    columns = 37.0 * (_TILE * shape.tiles + 2 * runs)
    return shape.tile_rows * fill + shape.pairs * (columns + 210.0 * shape.tiles + 50.0 * runs) + 60 * runs


def _runs(shape: _Shape) -> int:
    """Runs of patches that are neighbours in a row of tiles and in a block of four."""
    if shape.tile_columns % _BLOCK == 0:
        return shape.tiles // _BLOCK
    starts = {row * shape.tile_columns for row in range(shape.tile_rows)}
    return len(starts | set(range(0, shape.tiles, _BLOCK)))


def _product_cycles(shape: _Shape, unrolled: bool) -> float:
    rounds = (shape.pairs - _first(shape)) // _ROUND
    beside = 11.0 if unrolled else 24.0 + 6.5 * rounds + (3 if rounds else 0)
    return -(-shape.tiles // _BLOCK) * -(-shape.channels // 2) * (36 * (16.0 * shape.pairs + beside) + 180)


def _output_cycles(shape: _Shape, sign: int) -> float:
    whole = shape.channels * shape.tiles * (355.0 + sign)
    return whole + shape.channels * (40.0 * -(-shape.tiles // _BLOCK) + 220.0 * shape.partial)


KERNELS = (
    Winograd(4, True),
    Winograd(4, False),
    Winograd(8, False),
    Winograd(16, False),
    Winograd(32, False),
)
