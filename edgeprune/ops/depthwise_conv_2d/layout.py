"""Which kind of tile a depthwise convolution takes, and how its planes are laid out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.base import CArray, CField
from edgeprune.ops.depthwise_conv_2d.output_stage import OutputStage
from edgeprune.ops.window import slide

#: Bytes of two columns of four channels.
WORD = 16
#: What a load or store can have as offset.
LARGEST_OFFSET = 4095
_IN_REGISTERS = {(1, 1): "EP_3X3", (2, 2): "EP_3X3_STRIDE_2"}


@dataclass(frozen=True)
class Layout:
    """Planes and the tiles over them; pairs are (height, width), distances bytes of the planes.

    Attributes:
        kind: Of tile, as in `ep_depthwise_tiles.h`.
        turned: Whether rows of the tensors are columns of the planes; all that follows is as the planes have it.
        source, output: Shapes [batch, rows, columns, channels].
        window, stride, dilation, before: Of the convolution; `before` is padding at the top and left.
        words: Pairs of taps that an output has words for in a row of the filter.
        row_words: Pairs of columns in a row of the planes.
        advance: From a pair of outputs to the next in the row.
    """

    kind: str
    turned: bool
    source: tuple[int, ...]
    output: tuple[int, ...]
    window: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]
    words: int
    row_words: int
    advance: int

    @property
    def pitch(self) -> int:
        """From a row of planes to the next."""
        return self.row_words * WORD

    @property
    def down(self) -> int:
        """From an output to the one below."""
        return self.stride[0] * self.pitch

    @property
    def tap_row(self) -> int:
        """From a row of the filter to the next."""
        return self.dilation[0] * self.pitch

    @property
    def extent(self) -> int:
        """Rows from the first to the last tap of a filter."""
        return (self.window[0] - 1) * self.dilation[0] + 1

    @property
    def in_order(self) -> bool:
        """Whether columns of the planes are those of the input in order."""
        return self.dilation[1] == 1 and self.stride[1] in {1, 2}

    @property
    def fills_left(self) -> bool:
        """Whether an expanded row has something in its first word."""
        return not self.in_order or self.before[1] < 2

    @property
    def unfilled_right(self) -> int:
        """Bytes at the right of a row of planes that expanding it leaves; 0 where the left is not filled either."""
        filled = (self.before[1] + self.columns + 1) // 2
        return (self.row_words - filled) * WORD if self.in_order and self.fills_left else 0

    @property
    def in_registers(self) -> bool:
        """Whether the weights of a filter stay in registers."""
        return self.kind in _IN_REGISTERS.values()

    @property
    def farthest(self) -> int:
        """The greatest offset that a load of a tile has."""
        if self.kind == "EP_3X3":
            return 3 * self.pitch + WORD
        if self.kind == "EP_3X3_STRIDE_2":
            return 4 * self.pitch + 2 * WORD
        return self.down + self.advance + self.words * WORD

    @property
    def right(self) -> int:
        """Bytes of the output from an element to the next in the row."""
        return self.output[3] * (self.output[1] if self.turned else 1)

    @property
    def below(self) -> int:
        """Bytes of the output from an element to the one below."""
        return self.output[3] * (1 if self.turned else self.output[2])

    @property
    def columns(self) -> int:
        """Columns of the input that the windows see, from the left."""
        return min(self.source[2], (self.output[2] - 1) * self.stride[1] + self.window[1] - self.before[1])

    def field(self, zero_point: int) -> CField:
        """The `ep_planes_layout`."""
        lead = self.before[1] % 2
        pairs, tail = divmod(self.columns - lead, 2)
        members = {
            "pixel_bytes": self.source[3] * (self.source[1] if self.turned else 1),
            "row_bytes": self.source[3] * (1 if self.turned else self.source[2]),
            "pitch": self.pitch,
            "lead": lead,
            "blocks": pairs // 2,
            "pairs": pairs % 2,
            "tail": tail,
            "zeros": int(np.array([zero_point, zero_point], np.int16).view(np.int32)[0]),
            "skip": self.before[1] // 2 * WORD,
            "columns": "NULL" if self.in_order else "{array:columns}",
        }
        return CField("layout", "{" + ", ".join(f".{name} = {value}" for name, value in members.items()) + "}")

    def column_table(self) -> tuple[CArray, ...]:
        """The table of columns, where they are not in order."""
        if self.in_order:
            return ()
        left = np.arange(self.output[2])[:, None] * self.stride[1] - self.before[1]
        taps = np.arange(2 * self.words)[None, :]
        columns = np.where(taps < self.window[1], left + taps * self.dilation[1], -1)
        return (
            CArray("int16_t", "columns", np.where(columns < self.source[2], columns, -1).clip(-1).astype(np.int16)),
        )


def layout_of(graph: Graph, node: Node, turned: bool) -> Layout:
    """The layout for a node."""
    options, source, output = (
        geometry.convolution_options(node),
        graph.required(node, 0).shape,
        graph.output(node).shape,
    )
    window = graph.required(node, 1).shape[1:3]
    steps = zip(source[1:3], window, options.stride, options.dilation, strict=True)
    top, left = (slide(*step, options.padding).before for step in steps)
    axes = (2, 1) if turned else (1, 2)
    filters, stride, dilation, before = (
        (pair[axes[0] - 1], pair[axes[1] - 1]) for pair in (window, options.stride, options.dilation, (top, left))
    )
    dilation = (dilation[0], dilation[1] if filters[1] > 1 else 1)
    seen, made = ((shape[0], shape[axes[0]], shape[axes[1]], shape[3]) for shape in (source, output))
    kind, words, row_words, advance = _tile(filters, stride, dilation[1], made[2])
    layout = Layout(kind, turned, seen, made, filters, stride, dilation, before, words, row_words, advance)
    if filters == (3, 3) and dilation == (1, 1) and stride in _IN_REGISTERS:
        special = replace(layout, kind=_IN_REGISTERS[stride])
        return special if special.farthest <= LARGEST_OFFSET else layout
    return layout


def _tile(window: tuple[int, int], stride: tuple[int, int], dilation: int, width: int) -> tuple[str, int, int, int]:
    """(kind, words, row_words, advance) of tiles that read their weights from memory."""
    if stride[1] == 1 and dilation == 1:
        words = window[1] // 2 + 1
        return "EP_PAIRED", words, -(-width // 2) + words - 1, WORD
    words = -(-window[1] // 2)
    if stride[1] == 2 and dilation == 1:
        return "EP_SPREAD", words, width + words - 1, 2 * WORD
    return "EP_SPREAD", words, width * words, 2 * words * WORD


def table(layout: Layout, taps: npt.NDArray[np.int64], stage: OutputStage) -> npt.NDArray[np.int32]:
    """The kernel's table, int32 [channels, words], from scaled taps [channels, height, width] of the node."""
    if layout.turned:
        taps = taps.swapaxes(1, 2)
    if layout.in_registers:
        parts = [_words_in_registers(layout, taps, stage.more), stage.words]
    else:
        parts = [_words(layout, taps).reshape(len(taps), -1), stage.words]
        parts += [stage.more[:, None]] if stage.shift else []
    words: npt.NDArray[np.int32] = np.concatenate(parts, axis=1).astype(np.uint32).view(np.int32)
    return words


def _words_in_registers(
    layout: Layout, taps: npt.NDArray[np.int64], more: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    first, second, third = (_pair(taps[:, row, 0], taps[:, row, 1]) for row in range(3))
    right, last = _pair(taps[:, 0, 2], taps[:, 1, 2]), _pair(taps[:, 2, 2], more)
    order = [first, right, second, third] if layout.kind == "EP_3X3" else [first, second, third, right]
    return np.stack([*order, last], axis=1)


def _words(layout: Layout, taps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    right = 2 * layout.words - taps.shape[2]
    even = np.pad(taps, ((0, 0), (0, 0), (0, right)))
    words = _pair(even[:, :, 0::2], even[:, :, 1::2])
    if layout.kind == "EP_PAIRED":
        odd = np.pad(taps, ((0, 0), (0, 0), (1, right - 1)))
        words = np.stack([words, _pair(odd[:, :, 0::2], odd[:, :, 1::2])], axis=3)
    return words


def _pair(low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Two int16 numbers in a word."""
    return (low & 0xFFFF) | ((high & 0xFFFF) << 16)
