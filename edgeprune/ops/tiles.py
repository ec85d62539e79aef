"""Tables of `ep_tiles`: int8 products by Helium, see runtime/ep_tiles_s8.h."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import CArray, CField
from edgeprune.ops.requantize import accumulator_bounds

#: Activations of one vector.
BLOCK = 16
#: Of an instruction: a vector takes two beats of the core, of which one overlaps with the next load or sum.
CYCLES = 1.25
#: Channels of one pass.
_CHANNELS = 4
#: Blocks that a loop body may have.
_BODIES = (9, 6, 4, 3, 2, 1)


def fits(multipliers: Sequence[Multiplier]) -> bool:
    """Whether all multipliers are below 1/2, so that each has a shift to the right."""
    return all(m.mantissa == 0 or m.shift < 0 for m in multipliers)


def blocks(count: int) -> int:
    """Blocks that hold `count` activations."""
    return -(-count // BLOCK)


def pass_instructions(count: int) -> float:
    """About how many instructions two pixels of `count` activations take for four channels."""
    rounds = _loop(count)[1]
    return 34.0 + 14.0 * blocks(count) + (2 * rounds + 1 if rounds > 1 else 0)


def _loop(count: int) -> tuple[int, int]:
    """Blocks in a round, and rounds, for a pixel of `count` activations."""
    total = blocks(count)
    body = next(u for u in _BODIES if total % u == 0)
    return body, total // body


def tables(
    graph: Graph,
    node: Node,
    weights: npt.NDArray[np.int64],
    multipliers: Sequence[Multiplier],
    activation: str,
) -> tuple[tuple[CArray, ...], tuple[CField, ...]]:
    """The table, and the fields `multiply` and `tiles`.

    Args:
        graph: The graph.
        node: Its inputs are int8 data, weights and an optional int32 bias.
        weights: int64 [channels, activations of a pixel].
        multipliers: One per channel; they `fit`.
        activation: Name of the fused activation.
    """
    channels, count = weights.shape
    body, rounds = _loop(count)
    folded, _, _ = accumulator_bounds(graph, node, weights)
    shifts = [m.shift if m.mantissa else -1 for m in multipliers]
    bias, mantissa, shift = (
        _fours(np.array(v, np.int64).astype(np.uint32)) for v in (folded, [m.mantissa for m in multipliers], shifts)
    )
    padded = np.pad(weights.astype(np.int8), ((0, -channels % _CHANNELS), (0, -count % BLOCK)))
    # [fours, 4, blocks, 16] -> [fours, blocks, 4, 16]
    vectors = padded.reshape(-1, _CHANNELS, blocks(count), BLOCK).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(vectors).reshape(len(vectors), -1).view("<u4")
    table = np.concatenate([bias, words, mantissa, shift], axis=1).astype(np.uint32).view(np.int32)
    output = graph.output(node)
    low, high = activation_range(activation, output)
    zero_point = output.quantized().zero_point
    members = (
        f".table = {{array:table}}, .rounds = {rounds}, "
        f".channels = {channels}, .zero_point = {zero_point}, .low = {low}, .high = {high}, "
        f".ties = {int(low < zero_point)}"
    )
    function = f"ep_tiles_s8_{body}{'_once' if rounds == 1 else ''}"
    fields = CField("multiply", function), CField("tiles", f"{{{members}}}")
    return (CArray("int32_t", "table", table),), fields


def _fours(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """One value per channel as [fours, 4], 0 behind them."""
    return np.pad(values, (0, -len(values) % _CHANNELS)).reshape(-1, _CHANNELS)
