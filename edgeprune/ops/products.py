"""Tables and cost of `ep_multiply_band_s8`: filters times columns on cores with DSP and FPU.

`runtime/ep_products_s8.h` tells the scheme and the layout of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import CArray
from edgeprune.ops.requantize import (
    accumulator_bounds,
    fast_requantization,
    has_fast_requantization,
    right_shifts,
)
from edgeprune.targets import Cpu

#: Channels of a block; words of stage per block.
BLOCK = 4
#: Sums of odd channels keep within this in the packed form.
_PACKED_LIMIT = 1 << 23
#: Right shifts of the precise form of the requantization, which keeps seven more bits.
_PRECISE_BITS = 7
#: Cycles of a Cortex-M4: a step, and a pair of pixels beside its steps; once per block and band.
_STEP_CYCLES = {"PACKED": 15.0, "WIDE": 18.0}
_PAIR_CYCLES = {"PACKED_RELU": 64.0, "PACKED": 75.0, "WIDE": 67.0}
_ROUND_CYCLES = 4.0
_BLOCK_CYCLES = 110.0
#: The same for a single pixel, which takes loops of eight steps.
_ONE_STEP_CYCLES, _ONE_CYCLES, _ONE_UNROLL = {"PACKED": 10.0, "WIDE": 12.0}, 40.0, 8
#: How the M4's cycles become another core's, measured on its timing model.
_CORE_FACTOR = {"cortex-m7": 0.79, "cortex-m33": 0.96}


@dataclass(frozen=True)
class Style:
    """What fits a kind of memory.

    Attributes:
        unroll: About how many steps a round of the loop has.
        copies_weights: A block's weights are copied to scratch once per band of pixels.
        note: What tells kernels of the style from others, for their labels.
    """

    unroll: int
    copies_weights: bool
    note: str


#: Where flash answers at once, and where it may be spent; where a cache holds 1 KB of code.
SPACIOUS, USUAL, CACHED = Style(64, False, ", unrolled"), Style(16, False, ""), Style(8, True, ", weights copied")


@dataclass(frozen=True)
class Loop:
    """How a function walks over the steps of a column: `peeled` once, then rounds of `unroll`."""

    steps: int
    peeled: int
    unroll: int

    @property
    def rounds(self) -> int:
        """Rounds of the loop."""
        return (self.steps - self.peeled) // self.unroll if self.unroll else 0

    @property
    def code_bytes(self) -> int:
        """Code of what runs per pair of pixels."""
        return 56 * (self.peeled + self.unroll) + 280


def loop_of(steps: int, unroll: int) -> Loop:
    """A loop of at most about `unroll` steps per round, with as few and as even rounds as possible."""
    if steps <= unroll:
        return Loop(steps, steps, 0)
    if steps % unroll == 0:
        return Loop(steps, 0, unroll)
    candidates = [Loop(steps, steps % size, size) for size in range(unroll // 2 + 1, unroll + 1)]
    return min(candidates, key=lambda loop: (loop.peeled + loop.unroll > 3 * unroll // 2, loop.rounds, loop.peeled))


@dataclass(frozen=True, eq=False)
class Products:
    """One layer's filters, ready for `ep_multiply_band_s8`.

    Attributes:
        step: PACKED or WIDE.
        finish: PACKED_RELU, PACKED or WIDE.
        store: WORDS where outputs are aligned and before saturation keep within 16 bits, else BYTES.
        loop: How the steps are unrolled.
        channels: Output channels.
        weights: int16 [blocks, steps, 2, 2].
        stage: int32 [blocks, 12].
        clamp: Zero point, least and greatest output.
    """

    step: str
    finish: str
    store: str
    loop: Loop
    channels: int
    weights: npt.NDArray[np.int16]
    stage: npt.NDArray[np.int32]
    clamp: tuple[int, int, int]

    @property
    def clamps(self) -> bool:
        """Whether outputs are clamped to less than int8."""
        return self.clamp[1:] != (-128, 127)

    @property
    def pair_cycles(self) -> float:
        """Cycles of a Cortex-M4 for a pair of pixels by four channels."""
        cycles = _STEP_CYCLES[self.step] * self.loop.steps + _PAIR_CYCLES[self.finish]
        cycles -= 2 if self.store == "WORDS" else 0
        return cycles + _ROUND_CYCLES * self.loop.rounds - (4 if self.loop.peeled else 0)

    @property
    def arrays(self) -> tuple[CArray, ...]:
        """Tables `weights` and `stage`."""
        return CArray("int16_t", "weights", self.weights), CArray("int32_t", "stage", self.stage)

    @property
    def function(self) -> str:
        """Name of the function made for the loop."""
        return f"ep_products_s8_{self.loop.peeled}_{self.loop.unroll}_{self.finish.lower()}_{self.store.lower()}"

    @property
    def definition(self) -> str:
        """C that makes the function."""
        return f"EP_PRODUCTS_S8({self.function}, {self.loop.peeled}, {self.loop.unroll}, {self.kind})"

    @property
    def one_function(self) -> str:
        """Name of the function for a single pixel."""
        return self.function.replace("ep_products_s8", "ep_products_one_s8")

    @property
    def one_definition(self) -> str:
        """C that makes the function for a single pixel."""
        peeled, unroll = self._one_loop.peeled, self._one_loop.unroll
        return f"EP_PRODUCTS_ONE_S8({self.one_function}, {peeled}, {unroll}, {self.kind})"

    @property
    def one_cycles(self) -> float:
        """Cycles of a Cortex-M4 for a single pixel by four channels."""
        return _ONE_STEP_CYCLES[self.step] * self.loop.steps + _ROUND_CYCLES * self._one_loop.rounds + _ONE_CYCLES

    @property
    def _one_loop(self) -> Loop:
        steps = self.loop.steps
        return Loop(steps, steps % _ONE_UNROLL, _ONE_UNROLL if steps >= _ONE_UNROLL else 0)

    def definitions(self, single: bool) -> tuple[str, ...]:
        """C that makes the functions; `single` where a pixel is without partner."""
        return (self.definition, self.one_definition) if single else (self.definition,)

    def definition_bytes(self, single: bool) -> int:
        """Flash that the functions take."""
        return self.loop.code_bytes + (self._one_loop.code_bytes * 3 // 4 if single else 0)

    @property
    def kind(self) -> str:
        """Last arguments of the macros that make functions."""
        return f"{self.step}, {self.finish}, {self.store}"

    def initialiser(self, style: Style, scratch_bytes: int, function: str, single: bool = False) -> str:
        """Of an `ep_multiply_s8` whose tables are `arrays`."""
        zero_point, low, high = self.clamp
        one = self.one_function if single else "NULL"
        zero_point += 128 if self.store == "WORDS" else 0
        return (
            f"{{.products = {function}, .product = {one}, .weights = {{array:weights}}, .stage = {{array:stage}}, "
            f".channels = {self.channels}, .steps = {self.loop.steps}, "
            f".copies_weights = {int(style.copies_weights)}, .scratch_bytes = {scratch_bytes}, "
            f".zero_point = {zero_point}, .low = {low}, .high = {high}}}"
        )


def can_multiply(graph: Graph, node: Node, rows: npt.NDArray[np.int64], multipliers: Sequence[Multiplier]) -> bool:
    """Whether the requantization is exact for a node with inputs data, weights [channels, taps], bias."""
    if not has_fast_requantization(multipliers):
        return False
    if all(m.mantissa for m in multipliers):
        return True
    _, low, high = accumulator_bounds(graph, node, rows)
    return bool(low.min() >= -(1 << 30) and high.max() < 1 << 30)


def products(
    graph: Graph,
    node: Node,
    rows: npt.NDArray[np.int64],
    multipliers: Sequence[Multiplier],
    activation: str,
    style: Style,
) -> Products:
    """Tables for a node with inputs data, weights and bias.

    Args:
        graph: The graph.
        node: The node.
        rows: int64 [channels, taps]: taps 2k and 2k + 1 are what step k multiplies; zeros where it has no tap.
        multipliers: One per channel; `can_multiply` holds.
        activation: The fused activation.
        style: How the loop is to be.
    """
    channels = len(rows)
    bias, low, high = accumulator_bounds(graph, node, rows)
    zero_point = graph.output(node).quantized().zero_point
    clamp = activation_range(activation, graph.output(node))
    packed = bool(low.min() > -_PACKED_LIMIT and high.max() < _PACKED_LIMIT and rows.min() > -128)
    finish = "WIDE" if not packed else "PACKED_RELU" if clamp[0] >= zero_point else "PACKED"
    order = _block_channels(channels)
    begin = _begin(bias[order], packed)
    stage = np.concatenate([begin, *_factors(multipliers, finish, order)], axis=1)
    return Products(
        "PACKED" if packed else "WIDE",
        finish,
        "WORDS" if channels % BLOCK == 0 and _within_16_bits(low, high, multipliers) else "BYTES",
        loop_of(rows.shape[1] // 2, style.unroll),
        channels,
        _interleave(rows[order], packed),
        stage.astype(np.uint32).astype(np.int32),
        (zero_point, *clamp),
    )


def multiply_scratch(channels: int, steps: int, band: int, style: Style) -> int:
    """Bytes of working memory of `ep_multiply_band_s8`, a multiple of 4."""
    if channels < BLOCK:
        return BLOCK * band
    return 8 * steps if style.copies_weights else 0


def multiply_cycles(layer: Products, pixels: int, band: int, style: Style, cpu: Cpu) -> float:
    """Cycles of all calls of `ep_multiply_band_s8` for so many pixels."""
    loop, blocks, bands = layer.loop, len(layer.stage), -(-pixels // band)
    pairs = pixels // band * (band // 2) + pixels % band // 2
    odd = band % 2 * (pixels // band) + pixels % band % 2
    copy = 2.5 * loop.steps + 20 if style.copies_weights else 0.0
    clamp = 8.0 * pixels * layer.channels if layer.clamps else 0.0
    few = 8.0 * pixels * layer.channels if layer.channels < BLOCK else 0.0
    total = (
        blocks * (pairs * layer.pair_cycles + bands * (_BLOCK_CYCLES + copy) + odd * (layer.one_cycles + _BLOCK_CYCLES))
        + 40 * bands
        + clamp
        + few
    )
    return total * core_factor(cpu)


def core_factor(cpu: Cpu) -> float:
    """What the cycles of a Cortex-M4 are multiplied with on another core."""
    return _CORE_FACTOR.get(cpu.core, 1.0)


def weight_bytes_read(layer: Products, pixels: int, band: int, style: Style) -> float:
    """Bytes of tables read from flash by all calls for so many pixels."""
    bands = -(-pixels // band)
    reads = bands if style.copies_weights else -(-pixels // 2)
    return float(layer.weights.nbytes * reads + layer.stage.nbytes * bands)


def _within_16_bits(low: npt.NDArray[np.int64], high: npt.NDArray[np.int64], multipliers: Sequence[Multiplier]) -> bool:
    """Whether accumulators within bounds [channels] give outputs of 16 bits, whatever the zero point."""
    real = np.array([m.mantissa * 2.0 ** (m.shift - 31) for m in multipliers])
    return bool((np.maximum(-low, high) * real).max() < (1 << 15) - 512)


def _block_channels(channels: int) -> npt.NDArray[np.int64]:
    """int64 [blocks, 4]: channels of each block; the last overlaps so that it is whole, fewer than four repeat."""
    first = np.minimum(np.arange(0, channels, BLOCK), max(channels - BLOCK, 0))
    return np.asarray((first[:, None] + np.arange(BLOCK)) % channels, np.int64)


def _begin(bias: npt.NDArray[np.int64], packed: bool) -> npt.NDArray[np.int64]:
    """What the accumulators of blocks [blocks, 4] begin with, in the order of the registers."""
    even, odd = bias[:, 0::2], bias[:, 1::2]
    begin = np.stack([256 * odd + even if packed else odd, even], axis=2)
    return np.asarray(begin.reshape(len(bias), BLOCK), np.int64)


def _factors(
    multipliers: Sequence[Multiplier], finish: str, order: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Factor and scale of blocks [blocks, 4] of channels."""
    fast = fast_requantization(multipliers)
    factor, scale = fast.factor.astype(np.int64)[order], fast.scale.astype(np.int64)[order]
    if finish != "PACKED_RELU":
        return factor, scale
    mantissa, shifts = np.array([m.mantissa for m in multipliers], np.int64)[order], right_shifts(multipliers)[order]
    # So far down that 24 bits of sum leave nothing: a factor of 0 does the same.
    vanishes = shifts > 32 - _PRECISE_BITS
    odd = np.arange(BLOCK) % 2 == 1  # by its place: the last block may begin at an odd channel
    factor = np.where(odd, np.where(vanishes, 0, mantissa), factor)
    scale = np.where(odd, np.where(vanishes, 1, 1 << np.maximum(32 - _PRECISE_BITS - shifts, 0)), scale)
    return factor, scale


def _interleave(rows: npt.NDArray[np.int64], packed: bool) -> npt.NDArray[np.int16]:
    """Rows [blocks, 4, taps] as int16 [blocks, steps, 2, 2]: per step two words, of channels 0, 1 and 2, 3."""
    even, odd = rows[:, 0::2], rows[:, 1::2]
    halves = 256 * odd + even if packed else 256 * odd + (even & 255)
    blocks, pairs, taps = halves.shape
    return halves.reshape(blocks, pairs, taps // 2, 2).transpose(0, 2, 1, 3).astype(np.int16)
