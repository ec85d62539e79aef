"""A second decoder, written from docs/format.md alone: one decision after the other, no NumPy, no code of ours."""

from __future__ import annotations

import lzma
import math
import zlib
from dataclasses import dataclass

_WIDTHS = (4, 2, 1, 1, 2, 2, 4, 4, 8, 8, 8, 1)
_FLOATS, _SIGNED = (0, 1, 10), (2, 4, 6, 8)
_LOG = [round(256 * math.log(n + 0.4)) for n in range(2048)]
_SQUASH = [min(65535, max(1, round(65536 / (1 + math.exp(-t / 256))))) for t in range(-2816, 2817)]


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = place = 0
        while True:
            part = self.take(1)[0]
            value |= (part & 127) << place
            place += 7
            if part < 128:
                return value

    def blob(self) -> bytes:
        return self.take(self.number())

    def packed(self) -> bytes:
        size, method = divmod(self.number(), 4)
        if method == 0:
            return self.take(size)
        lc, lp = (3, 0) if method == 1 else (0, 2)
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 24, "lc": lc, "lp": lp, "pb": 2}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(self.blob(), size)


class _Stream:
    """States, counts and weights of one coded stream."""

    def __init__(self, data: bytes, decisions: int, inputs: int, sets: int) -> None:
        self.lanes = 1
        while self.lanes < 1024 and self.lanes * 8192 < decisions:
            self.lanes *= 2
        states = self.lanes if decisions >= 1 << 22 else 1
        self.states = [int.from_bytes(data[5 * i : 5 * i + 5], "little") for i in range(states)]
        self.words = data[5 * states :]
        self.counts: list[dict[int, list[int]]] = [{} for _ in range(inputs)]
        self.weights = [[131072 // (inputs + 2)] * inputs for _ in range(sets)]
        self.steps = [0] * sets

    def step(self, contexts: list[tuple[int, ...]], chosen: int) -> list[int]:
        """The bits of one step; `contexts` holds the contexts of each decision."""
        weights, bits, sums = self.weights[chosen], [], [0] * len(self.counts)
        for index, context in enumerate(contexts):
            pairs = [table.setdefault(c, [0, 0]) for table, c in zip(self.counts, context, strict=True)]
            stretched = [_LOG[n1] - _LOG[n0] for n0, n1 in pairs]
            mixed = sum(w * s for w, s in zip(weights, stretched, strict=True)) >> 16
            one = _SQUASH[min(2816, max(-2816, mixed)) + 2816]
            bits.append(self.bit(one, index % len(self.states)))
            sums = [a + s * ((bits[-1] << 16) - one) for a, s in zip(sums, stretched, strict=True)]
        shift = 17 + max(0, self.lanes.bit_length() - 5)
        rate = max(2, 24 - (self.steps[chosen] >> 4))
        self.weights[chosen] = [w + (a * rate >> shift) for w, a in zip(weights, sums, strict=True)]
        self.steps[chosen] += 1
        for context, bit in zip(contexts, bits, strict=True):
            for table, c in zip(self.counts, context, strict=True):
                table[c][bit] += 1
        for index, table in enumerate(self.counts):
            for c in {context[index] for context in contexts}:
                if sum(table[c]) > 1023:
                    table[c] = [table[c][0] >> 1, table[c][1] >> 1]
        return bits

    def bit(self, one: int, which: int) -> int:
        state = self.states[which]
        low = state & 0xFFFF
        bit = int(low < one)
        state = one * (state >> 16) + low if bit else (65536 - one) * (state >> 16) + low - one
        if state < 1 << 24:
            state = state << 16 | int.from_bytes(self.words[:2], "little")
            self.words = self.words[2:]
        self.states[which] = state
        return bit


@dataclass
class _Matrix:
    rows: int
    columns: int
    near: int
    far: int

    def zero_map(self, data: bytes) -> list[int]:
        total, columns, near, far = self.rows * self.columns, self.columns, self.near, self.far
        stream = _Stream(data, total, 6, 1)
        ones: dict[int, int] = {}
        in_row, in_column = dict[int, int](), [0] * columns

        def q(count: int) -> int:
            return min(15, ((count + 1) ** 2).bit_length() - 1)

        for first in range(0, total, stream.lanes):
            group = range(first, min(total, first + stream.lanes))
            contexts = []
            for position in group:
                row, column = divmod(position, columns)
                distances = (near * columns, 2 * near * columns, far * columns, (far - near) * columns,
                             (far + near) * columns, 1)  # fmt: skip
                like = sum(ones.get(position - distance, 0) << place for place, distance in enumerate(distances))
                contexts.append(
                    (0, row % 4096, column % 4096, like,
                     16 * q(in_row.get(row - near, 0)) + q(in_row.get(row - far, 0)),
                     16 * q(in_row.get(row, 0)) + q(in_column[column]))
                )  # fmt: skip
            for position, bit in zip(group, stream.step(contexts, 0), strict=True):
                ones[position] = bit
                in_row[position // columns] = in_row.get(position // columns, 0) + bit
                in_column[position % columns] += bit
        return [ones[position] for position in range(total)]

    def symbols(self, data: bytes, places: list[int], levels: int) -> list[int]:
        stream = _Stream(data, len(places) * levels, 7, levels)
        many, shared = 1 << levels, (1 << min(levels, 6)) + max(0, levels - 6)
        classes: dict[int, int] = {}
        last: dict[tuple[str, int], int] = {}
        sums: dict[tuple[str, int], list[int]] = {}
        found: list[int] = []

        def mean(line: tuple[str, int]) -> int:
            total, count = sums.get(line, [0, 0])
            return ((1 + 4 * total // max(1, count)) ** 3).bit_length() - 1

        for first in range(0, len(places), stream.lanes):
            group = [(place, *divmod(place, self.columns)) for place in places[first : first + stream.lanes]]
            nodes = [1] * len(group)
            for level in range(levels):
                contexts = []
                for node, (place, row, column) in zip(nodes, group, strict=True):
                    near, far = (classes.get(place - d * self.columns, 0) for d in (self.near, self.far))
                    lasts = 5 * last.get(("row", row), 0) + last.get(("column", column), 0)
                    cut = node if level < 6 else 64 + level - 6
                    contexts.append(
                        (node, (5 * near + far) * many + node, lasts * many + node, row % 4096 * shared + cut,
                         column % 4096 * shared + cut, mean(("row", row)) * many + node,
                         mean(("column", column)) * many + node)
                    )  # fmt: skip
                nodes = [2 * node + bit for node, bit in zip(nodes, stream.step(contexts, level), strict=True)]
            for node, (place, row, column) in zip(nodes, group, strict=True):
                symbol = node - many
                found.append(symbol)
                classes[place] = 1 + (symbol >> max(0, levels - 2))
                for line in (("row", row), ("column", column)):
                    last[line] = classes[place]
                    total, count = sums.get(line, [0, 0])
                    sums[line] = [total + abs(symbol - many // 2), count + 1]
        return found


def _tensor(source: _Bytes, kind: int, count: int) -> bytes:
    width, coding = _WIDTHS[kind], source.take(1)[0]
    if coding == 0:
        return source.take(count * width)
    if coding == 1:
        return source.take(width if count else 0) * count
    flags, line = source.take(1)[0], source.number()
    rows, columns = (line, count // line) if flags & 1 else (count // line, line)
    matrix = _Matrix(rows, columns, source.number(), source.number())
    book: list[bytes] = []
    if coding == 2:
        size = source.number()
        book = [_element(source, width, flags & 4) for _ in range(size)]
    ones = matrix.zero_map(source.blob()) if flags & 2 else [1] * count
    places = [place for place, one in enumerate(ones) if one]
    levels = (len(book) - 1).bit_length() if coding == 2 else min(12, 8 * width)
    symbols = matrix.symbols(source.blob(), places, levels) if levels else [0] * len(places)
    if coding == 2:
        values = [book[symbol] for symbol in symbols]
    else:
        rest = 8 * width - levels
        size = (rest * len(places) + 7) // 8
        tail = int.from_bytes(source.take(size), "big") >> (8 * size - rest * len(places))
        low = [tail >> rest * (len(places) - 1 - i) & ((1 << rest) - 1) for i in range(len(places))]
        keys = [symbol << rest | bits for symbol, bits in zip(symbols, low, strict=True)]
        values = [_from_key(key, kind, width).to_bytes(width, "little") for key in keys]
    elements = [bytes(width)] * count
    for place, value in zip(places, values, strict=True):
        row, column = divmod(place, columns)
        elements[column * rows + row if flags & 1 else place] = value
    return b"".join(elements)


def _element(source: _Bytes, width: int, half: int) -> bytes:
    import struct

    return struct.pack("<f", *struct.unpack("<e", source.take(2))) if half else source.take(width)


def _from_key(key: int, kind: int, width: int) -> int:
    top = 1 << (8 * width - 1)
    if kind in _SIGNED:
        return key ^ top
    if kind in _FLOATS:
        return key ^ top if key & top else key ^ (2 * top - 1)
    return key


def decode(content: bytes) -> list[bytes]:
    """The tensors' bytes, after both checksums."""
    assert content[:4] == b"EPZ\x01"
    assert zlib.crc32(content[:-4]) == int.from_bytes(content[-4:], "little")
    source = _Bytes(content[5:-4])
    count, entries, rest = source.number(), _Bytes(source.packed()), source.packed()
    tensors = []
    for _ in range(count):
        entries.blob()
        kind = entries.take(1)[0]
        shape = [entries.number() for _ in range(entries.number())]
        if content[4] == 2:
            entries.number()
        tensors.append(_tensor(source, kind, math.prod(shape)))
    assert zlib.crc32(b"".join([rest, *tensors])) == int.from_bytes(source.take(4), "little")
    return tensors
