"""Codes a matrix of symbols: first which are non-zero, then what the non-zero ones are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.compress.model import MAX_LANES, Mixer
from edgeprune.compress.rans import BitCoder, Integers

#: Rows and columns have contexts of their own up to this many; further ones share them.
_LINES = 4096
#: Nodes of the symbol tree that are told apart per row and per column; deeper ones share one per level.
_SHALLOW_LEVELS = 6
_CLASSES = 5
_DENSITIES = 16
#: Class of a mean magnitude in quarters: thirds of powers of two.
_MAGNITUDES = 40
_MAGNITUDE_OF = np.floor(3 * np.log2(np.arange(1, (4 << 11) + 2))).astype(np.int64)


@dataclass(frozen=True)
class Layout:
    """How symbols lie: row-major, and which earlier rows resemble a row.

    Attributes:
        rows: Number of rows.
        columns: Number of columns.
        near: A row is likened to the one this many rows before it, such as the neighbouring input pixel's;
        far: and to the one this many rows before it, such as the input pixel's above it. 0 < near < far.
    """

    rows: int
    columns: int
    near: int
    far: int


def lanes_for(decisions: int) -> int:
    """How many decisions one step takes: few where each step's learning counts, many where speed does."""
    lanes = 1
    while lanes < MAX_LANES and lanes * 8192 < decisions:
        lanes *= 2
    return lanes


def states_for(decisions: int) -> int:
    """How many states the coder has: one where every byte counts, one per lane where speed does."""
    return lanes_for(decisions) if decisions >= 1 << 22 else 1


def code_zero_map(coder: BitCoder, layout: Layout, wanted: Integers | None) -> Integers:
    """Code which elements differ from zero.

    Args:
        coder: The encoder or the decoder.
        layout: The matrix.
        wanted: [rows * columns] 1 where an element is not zero, when encoding.

    Returns:
        [rows * columns] the same.
    """
    rows, columns, near, far = layout.rows, layout.columns, layout.near, layout.far
    total = rows * columns
    lanes = lanes_for(total)
    mixer = Mixer((1, min(rows, _LINES), min(columns, _LINES), 64, _DENSITIES**2, _DENSITIES**2), 1, lanes)
    pad = (far + near) * columns
    known = np.zeros(pad + total + lanes, np.int8)
    in_row = np.zeros(rows + far, np.int64)
    in_column = np.zeros(columns, np.int64)
    density_of_row, density_of_column = _densities(columns), _densities(rows)
    for first in range(0, total, lanes):
        count = min(lanes, total - first)
        position = np.arange(first, first + count)
        row, column = np.divmod(position, columns)

        def back(offset: int, first: int = first, count: int = count) -> npt.NDArray[np.int8]:
            return known[pad + first - offset : pad + first - offset + count]

        neighbours = (
            back(near * columns)
            + 2 * back(2 * near * columns)
            + 4 * back(far * columns)
            + 8 * back((far - near) * columns)
            + 16 * back((far + near) * columns)
            + 32 * back(1)
        )
        here, before, above = (density_of_row[in_row[row + far - d]] for d in (0, near, far))
        contexts = np.stack(
            (
                np.zeros(count, np.int64),
                row % _LINES,
                column % _LINES,
                neighbours,
                before * _DENSITIES + above,
                here * _DENSITIES + density_of_column[in_column[column]],
            )
        )
        bits = mixer.code(coder, contexts, 0, None if wanted is None else wanted[first : first + count])
        known[pad + first : pad + first + count] = bits
        np.add.at(in_row, row + far, bits)
        np.add.at(in_column, column, bits)
    return known[pad : pad + total].astype(np.int64)


def _densities(extent: int) -> Integers:
    """[extent + 1] the class of a count from 0 to `extent`: half powers of two."""
    classes: Integers = np.minimum(_DENSITIES - 1, np.floor(2 * np.log2(np.arange(extent + 1) + 1))).astype(np.int64)
    return classes


def code_symbols(
    coder: BitCoder, layout: Layout, positions: Integers, levels: int, wanted: Integers | None
) -> Integers:
    """Code the symbols at some positions of a matrix, each as a walk down a binary tree.

    Args:
        coder: The encoder or the decoder.
        layout: The matrix.
        positions: [n] ascending positions of the symbols in the matrix.
        levels: Bits per symbol, from 1 to 12.
        wanted: [n] the symbols, below 2^levels, when encoding.

    Returns:
        [n] the symbols.
    """
    columns = layout.columns
    total = len(positions)
    lanes = lanes_for(total * levels)
    nodes = 1 << levels
    shallow = (1 << min(levels, _SHALLOW_LEVELS)) + max(0, levels - _SHALLOW_LEVELS)
    mixer = Mixer(
        (
            nodes,
            nodes * _CLASSES**2,
            nodes * _CLASSES**2,
            shallow * min(layout.rows, _LINES),
            shallow * min(columns, _LINES),
            nodes * _MAGNITUDES,
            nodes * _MAGNITUDES,
        ),
        levels,
        lanes,
    )
    pad = layout.far * columns
    known = np.zeros(pad + layout.rows * columns, np.int8)
    last_of_row, last_of_column = np.zeros(layout.rows, np.int64), np.zeros(columns, np.int64)
    row_sums, column_sums = np.zeros((2, layout.rows), np.int64), np.zeros((2, columns), np.int64)
    symbols = np.zeros(total, np.int64)
    for first in range(0, total, lanes):
        position = positions[first : first + lanes]
        row, column = np.divmod(position, columns)
        near = known[pad + position - layout.near * columns].astype(np.int64) * _CLASSES + known[position]
        last = last_of_row[row] * _CLASSES + last_of_column[column]
        of_row, of_column = _magnitude(row_sums, row) * nodes, _magnitude(column_sums, column) * nodes
        node = np.ones(len(position), np.int64)
        goal = None if wanted is None else wanted[first : first + lanes]
        for level in range(levels):
            cut = node if level < _SHALLOW_LEVELS else np.full_like(node, (1 << _SHALLOW_LEVELS) + level - 6)
            contexts = np.stack(
                (
                    node,
                    near * nodes + node,
                    last * nodes + node,
                    row % _LINES * shallow + cut,
                    column % _LINES * shallow + cut,
                    of_row + node,
                    of_column + node,
                )
            )
            bits = None if goal is None else (goal >> (levels - 1 - level)) & 1
            node = 2 * node + mixer.code(coder, contexts, level, bits)
        symbol = node - nodes
        kind = 1 + (symbol >> max(0, levels - 2))
        symbols[first : first + lanes] = symbol
        known[pad + position] = kind
        last_of_row[row] = kind
        last_of_column[column] = kind
        for sums, line in ((row_sums, row), (column_sums, column)):
            np.add.at(sums[0], line, np.abs(symbol - nodes // 2))
            np.add.at(sums[1], line, 1)
    return symbols


def _magnitude(sums: Integers, line: Integers) -> Integers:
    """[n] the class of the mean distance from the middle symbol, in each one's row or column so far."""
    classes: Integers = _MAGNITUDE_OF[4 * sums[0, line] // np.maximum(1, sums[1, line])]
    return classes
