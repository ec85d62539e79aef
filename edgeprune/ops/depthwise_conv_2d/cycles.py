"""What the kernel over planes costs on a Cortex-M4, counted instruction by instruction."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.ops.base import Cost
from edgeprune.ops.depthwise_conv_2d.layout import LARGEST_OFFSET, Layout
from edgeprune.ops.depthwise_conv_2d.output_stage import OutputStage

#: Tables up to this size stay in the smallest data cache in front of a flash.
_CACHED = 256
#: Beside the tiles: per call and per channel of the convolution, and per row of tiles.
_CALL, _CHANNEL, _ROW, _LAST_ROW = 110, 42, 12, 12
#: A loop that goes on, with what it compares.
_LOOP = 4
#: Expansion: per call, per kind of column, then per row of a shared word, of 4 columns, of 2; per
#: byte where channels are no multiple of 4; per word where columns are not in order.
_EXPAND, _KIND, _SHARED, _FOUR, _TWO, _BYTE, _SCATTERED = 60, 14, 17, 30, 18, 8, 38
#: Per word to clear or to keep, per row to clear at the right, and per output that is clamped.
_CLEAR, _KEEP, _CLEAR_RIGHT, _CLAMP = 2.2, 4.0, 35, 2.5


@dataclass(frozen=True)
class _Tile:
    """Cycles of multiplications and loads of one kind of tile, the outputs it has, and its stores."""

    products: float
    outputs: int
    stores: int


#: Cycles of loads and multiplications of the tiles 2x2, below each other, side by side, single.
_IN_REGISTERS = {"EP_3X3": (37, 25, 22, 16), "EP_3X3_STRIDE_2": (45, 28, 25, 16)}
#: The same per word of taps.
_FROM_MEMORY = {"EP_PAIRED": (9, 6, 6, 4), "EP_SPREAD": (10, 6, 6, 4)}
_OUTPUTS, _STORES = (4, 2, 2, 1), (5, 3, 3, 1)


def unrolled(layout: Layout) -> int:
    """Tiles of a row that stand one after another in the code; their number divides that of all."""
    tiles = layout.output[2] // 2
    if not layout.in_registers:
        return min(tiles, 1)
    return tiles if tiles <= 3 else next(n for n in (2, 3, 1) if tiles % n == 0)


def _tiles(layout: Layout) -> tuple[_Tile, ...]:
    if layout.in_registers:
        products: tuple[float, ...] = _IN_REGISTERS[layout.kind]
    else:
        rows = layout.window[0]
        more = 5 * rows + 1 if rows > 1 else 0
        products = tuple(rows * layout.words * n + more + 3 + outputs for n, outputs in _per_word(layout.kind))
    return tuple(_Tile(*values) for values in zip(products, _OUTPUTS, _STORES, strict=True))


def _per_word(kind: str) -> zip[tuple[int, int]]:
    return zip(_FROM_MEMORY[kind], _OUTPUTS, strict=True)


def _convolution(layout: Layout, stage: OutputStage, rows: int) -> float:
    """One channel of a band."""
    square, below, beside, single = (
        tile.products + (2 + 2 * tile.outputs if stage.shift else 3 + 5 * tile.outputs) + tile.stores
        for tile in _tiles(layout)
    )
    tiles, odd = divmod(layout.output[2], 2)
    loops = tiles / max(unrolled(layout), 1)
    loops = loops * _LOOP + 3 if loops > 1 else 0
    if layout.right + layout.below > LARGEST_OFFSET:
        square += 2
    pair = tiles * square + odd * below + loops + _ROW
    last = tiles * beside + odd * single + loops + _LAST_ROW
    return rows // 2 * pair + rows % 2 * last + _CHANNEL


def _expansion(layout: Layout, rows: int, channels: int) -> float:
    """Rows of a group of channels."""
    if not layout.in_order:
        return _EXPAND + rows * layout.row_words * (_SCATTERED if channels == 4 else 6 + 2 * _BYTE * channels)
    if channels < 4:
        return _EXPAND + rows * layout.columns * (4 + _BYTE * channels)
    lead = layout.before[1] % 2
    pairs, tail = divmod(layout.columns - lead, 2)
    per_row = _SHARED * (lead + tail) + _FOUR * (pairs // 2) + _TWO * (pairs % 2)
    return _EXPAND + _KIND * (lead + tail + pairs // 2 + pairs % 2) + rows * per_row


def cost(layout: Layout, stage: OutputStage, band: int, plane_rows: int, clamps: bool) -> Cost:
    """Of all channels, in bands of some rows.

    Args:
        layout: Of the planes.
        stage: Of the output.
        band: Rows of the output that are made at a time.
        plane_rows: Rows of the planes.
        clamps: Whether outputs are clamped to less than the int8 range.
    """
    batches, height, _, in_channels = layout.source
    out_channels, rows = layout.output[3], layout.output[1]
    multiplier = out_channels // in_channels
    bands = [min(band, rows - top) for top in range(0, rows, band)]
    row_cycles = layout.pitch / 4
    unfilled = 0 if len(bands) > 1 else plane_rows - height if layout.fills_left else plane_rows
    total = _CLEAR * max(unfilled, 0) * row_cycles + (_CLEAR_RIGHT * plane_rows if layout.unfilled_right else 0)
    total += _CLAMP * rows * layout.output[2] * out_channels * clamps
    groups = [4] * (in_channels // 4) + ([in_channels % 4] if in_channels % 4 else [])
    seen = min(height, (rows - 1) * layout.stride[0] + layout.extent - layout.before[0])
    convolution = sum(_convolution(layout, stage, n) for n in bands)
    kept = max(layout.extent - layout.stride[0], 0) * (len(bands) - 1)
    for channels in set(groups):
        calls = len(bands) * (1 if multiplier == 1 else channels)
        each = calls * _CALL + channels * multiplier * convolution + _expansion(layout, seen, channels)
        each += (len(bands) - 1) * _expansion(layout, 0, channels) + kept * row_cycles * _KEEP
        if len(bands) > 1:
            each += _CLEAR * row_cycles * (layout.extent - 1)
        total += groups.count(channels) * each
    return Cost(batches * total, _table_bytes(layout, stage, len(bands)), _loop_bytes(layout))


def _table_bytes(layout: Layout, stage: OutputStage, bands: int) -> float:
    """Words of the table that are read; taps of large filters again for every tile."""
    per_word = {"EP_PAIRED": 8, "EP_SPREAD": 4}.get(layout.kind, 0)
    taps = layout.window[0] * layout.words * per_word or 20
    again = layout.output[1] * layout.output[2] / 4 if taps > _CACHED else bands
    return layout.source[0] * layout.output[3] * (taps * again + 4 * bands * stage.words.shape[1])


def code_bytes(layout: Layout) -> int:
    """Flash that the function for a shape takes, about."""
    odd_row, odd_column = layout.output[1] % 2, layout.output[2] % 2
    copies = max(unrolled(layout), 1)
    square, below, beside, single = (tile.products + 3 * tile.outputs + 6 for tile in _tiles(layout))
    if not layout.in_registers:
        square, below, beside, single = (n * layout.words + 36 for n in (8, 5, 5, 3))
    instructions = copies * square + odd_column * below + odd_row * (copies * beside + odd_column * single)
    return int(4 * (instructions + 60))


def _loop_bytes(layout: Layout) -> int:
    """Code of a row of tiles."""
    if layout.in_registers:
        return 260 * unrolled(layout)
    return 4 * (9 * layout.words + 40)
