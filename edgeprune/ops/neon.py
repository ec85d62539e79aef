"""What the Neon kernels for int8 share: tables of filters, output stages, and frames around images.

Costs are instructions of the path with dot products, or of the one without where the core has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import CArray
from edgeprune.ops.requantize import accumulator_bounds
from edgeprune.ops.window import slide
from edgeprune.targets import Cpu, Extension

#: Filters of a panel, or channels of a block; those of a half panel; bytes of a word; pixels that go together.
WIDTH, _HALF, WORD, BAND = 16, 8, 4, 20
#: Bytes behind a frame that vectors may read.
SLACK = 16
_TILE, _PAIR = 5, 2


def output_initialiser(graph: Graph, node: Node, multipliers: Sequence[Multiplier], activation: str) -> str:
    """Of an `ep_neon_output`."""
    output = graph.output(node)
    low, high = activation_range(activation, output)
    zero_point = output.quantized().zero_point
    shifts = [m.shift for m in multipliers if m.mantissa]
    rounding = "EP_NEON_ANY"
    if all(shift <= 0 for shift in shifts) and low >= zero_point:
        rounding = "EP_NEON_RELU"
    elif all(shift < 0 for shift in shifts):
        rounding = "EP_NEON_RIGHT"
    return f"{{.rounding = {rounding}, .zero_point = {zero_point}, .low = {low}, .high = {high}}}"


def stage(bias: npt.NDArray[np.int64], multipliers: Sequence[Multiplier]) -> npt.NDArray[np.int32]:
    """Bias, mantissas and shifts, int32 [panels, 3, 16]; filters that are not there get zeros.

    A multiplier of 0 is shifted by one to the right, as some kinds of rounding ask for.
    """
    shifts = [m.shift if m.mantissa else -1 for m in multipliers]
    words = np.array([bias.astype(np.uint32), [m.mantissa for m in multipliers], np.array(shifts)], np.int64)
    padded = np.pad(words, ((0, 0), (0, -words.shape[1] % WIDTH)))
    return padded.reshape(3, -1, WIDTH).transpose(1, 0, 2).astype(np.uint32).view(np.int32)


def is_paired(weights: npt.NDArray[np.int64]) -> bool:
    """Whether the sum of two products always fits 16 bits."""
    return bool(weights.min(initial=0) > -128)


@dataclass(frozen=True)
class Panels:
    """How a layer's filters see a pixel.

    Attributes:
        channels: Filters.
        stretches: Runs of bytes that lie together.
        steps: Words of a run.
    """

    channels: int
    stretches: int
    steps: int

    def instructions(self, pixels: int, cpu: Cpu) -> float:
        """Of all products for so many pixels, and of their outputs."""
        dots = Extension.DOT_PRODUCT in cpu.extensions
        tile = _TILE if dots else _PAIR
        tiles = pixels // tile + (0 if pixels % tile == 0 else 1 if pixels >= tile else pixels)
        tile = tile if pixels >= tile else 1
        return tiles * sum(self._tile(tile, vectors, dots) for vectors in self._vectors())

    def _vectors(self) -> list[int]:
        """Of each panel."""
        whole, rest = divmod(self.channels, WIDTH)
        return [4] * whole + ([2 if rest <= _HALF else 4] if rest else [])

    def _tile(self, pixels: int, vectors: int, dots: bool) -> float:
        step = 1 + pixels * (vectors if dots else 1 + 3 * vectors)
        vectors_read = self.steps // 4 + (self.steps % 4).bit_count()
        stretch = 4 + 2 * pixels + vectors_read * (pixels + 3) + self.steps * step
        return 30 + self.stretches * stretch + pixels * (12 + 3 * vectors)


def panel_tables(
    graph: Graph,
    node: Node,
    weights: npt.NDArray[np.int64],
    multipliers: Sequence[Multiplier],
    activation: str,
    offsets: Sequence[int],
) -> tuple[tuple[CArray, ...], str]:
    """Tables and initialiser of an `ep_neon_panels`.

    Args:
        graph: The graph.
        node: Its inputs are int8 data, weights and an optional int32 bias.
        weights: int64 [channels, stretches, bytes].
        multipliers: One per channel.
        activation: Name of the fused activation.
        offsets: Of the stretches from a pixel's first byte.
    """
    channels, stretches, _ = weights.shape
    words = np.pad(weights, ((0, -channels % WIDTH), (0, 0), (0, -weights.shape[2] % WORD)))
    # [panels, 16, stretches, steps, 4] -> [panels, stretches, steps, 16, 4]
    packed = words.reshape(-1, WIDTH, stretches, words.shape[2] // WORD, WORD).transpose(0, 2, 3, 1, 4)
    parts = [packed[:-1].reshape(-1), packed[-1].reshape(-1)]
    if 0 < channels % WIDTH <= _HALF:
        parts[1] = packed[-1][:, :, :_HALF].reshape(-1)
    folded, _, _ = accumulator_bounds(graph, node, weights.reshape(channels, -1))
    arrays = (
        CArray("int8_t", "weights", np.concatenate(parts).astype(np.int8)),
        CArray("int32_t", "stage", stage(folded, multipliers)),
        CArray("int32_t", "offsets", np.array(offsets, np.int32)),
    )
    tables = ", ".join(f".{array.suffix} = {{array:{array.suffix}}}" for array in arrays)
    return arrays, (
        f"{{{tables}, .stretches = {stretches}, .steps = {words.shape[2] // WORD}, .channels = {channels}, "
        f".paired = {int(is_paired(weights))}, .output = {output_initialiser(graph, node, multipliers, activation)}}}"
    )


@dataclass(frozen=True)
class Frame:
    """An image with the border that a window reaches into; see `runtime/ep_neon_frame_s8.h`."""

    needed: bool
    before: tuple[int, int]
    inside: tuple[int, int]
    extents: tuple[int, int]
    channels: int

    @property
    def nbytes(self) -> int:
        """Of the copy, with what vectors may read behind it."""
        return self.extents[0] * self.extents[1] * self.channels + SLACK if self.needed else 0

    @property
    def instructions(self) -> float:
        """Of copying."""
        return (100.0 + 0.15 * self.extents[1] * self.channels) * self.extents[0] if self.needed else 0.0

    def initialiser(self, fill: int) -> str:
        """Of an `ep_neon_frame`, its border filled with the input's zero point."""
        return (
            f"{{.is_needed = {int(self.needed)}, .top = {self.before[0]}, .left = {self.before[1]}, "
            f".rows = {self.inside[0]}, .columns = {self.inside[1]}, .height = {self.extents[0]}, "
            f".width = {self.extents[1]}, .channels = {self.channels}, .fill = {fill}}}"
        )


@dataclass(frozen=True)
class Steps:
    """A window's pairs (height, width), and its padding."""

    window: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str


def frame(source: tuple[int, ...], output: tuple[int, ...], steps: Steps, always: bool = False) -> Frame:
    """The frame of images [batch, height, width, channels]; a copy even where none is needed, if `always`."""
    before, inside, extents = [], [], []
    for axis in (0, 1):
        size, window = source[axis + 1], steps.window[axis]
        start = slide(size, window, steps.stride[axis], steps.dilation[axis], steps.padding).before
        reach = (output[axis + 1] - 1) * steps.stride[axis] + (window - 1) * steps.dilation[axis] + 1
        before.append(start)
        inside.append(max(min(size, reach - start), 0))
        extents.append(reach)
    needed = always or any(start + seen < reach for start, seen, reach in zip(before, inside, extents, strict=True))
    if not needed:
        before, inside, extents = [0, 0], [source[1], source[2]], [source[1], source[2]]
    return Frame(needed, _pair(before), _pair(inside), _pair(extents), source[3])


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]
