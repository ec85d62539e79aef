"""Codes one tensor: raw, one constant, indices into a codebook, or the values' own leading bits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from edgeprune.compress import matrix
from edgeprune.compress.errors import damaged
from edgeprune.compress.layout import Placed, choose_layout
from edgeprune.compress.patterns import Patterns, from_keys, patterns, to_keys
from edgeprune.compress.rans import DECISIONS_PER_BYTE, Decoder, Encoder
from edgeprune.compress.wire import Reader, blob, number

_DType = np.dtype[np.generic]
#: Most levels of a symbol's tree; lower bits are stored as they are.
_MAX_LEVELS = 12
#: Where more than this share is not zero, zero is a symbol like the others.
_DENSE = 0.85
_TRANSPOSED, _ZEROS, _HALF = 1, 2, 4


class Coding(IntEnum):
    """How a tensor is stored."""

    RAW = 0
    CONSTANT = 1
    CODEBOOK = 2
    DIRECT = 3


@dataclass(frozen=True)
class CodedTensor:
    """The bytes of one tensor by part; the file holds them in this order."""

    coding: Coding
    header: bytes
    codebook: bytes
    positions: bytes
    symbols: bytes

    @property
    def content(self) -> bytes:
        """All parts."""
        return self.header + self.codebook + self.positions + self.symbols


def encode(values: npt.NDArray[np.generic], outputs_first: bool) -> CodedTensor:
    """The smallest of the codings that are worth a try; `outputs_first` as in `choose_layout`."""
    bits = patterns(values)
    raw = CodedTensor(Coding.RAW, bytes([Coding.RAW]), b"", b"", bits.tobytes())
    distinct = np.unique(bits)
    if len(distinct) < 2:
        constant = CodedTensor(Coding.CONSTANT, bytes([Coding.CONSTANT]), distinct[:1].tobytes(), b"", b"")
        return min(raw, constant, key=_size)
    tries = [raw]
    small = len(distinct) <= 1 << _MAX_LEVELS and len(distinct) * 2 <= bits.size
    placed = choose_layout(values.shape, bits, outputs_first)
    if small and len(distinct) < 1 << (8 * values.dtype.itemsize - 1):
        tries.append(_modelled(bits, values.dtype, placed, distinct))
    if len(bits) >= 64 and (len(tries) == 1 or len(distinct) > 64):
        tries.append(_modelled(bits, values.dtype, placed, None))
    return min((one for one in tries if _decodable(one, bits.size)), key=_size)


def _decodable(coded: CodedTensor, elements: int) -> bool:
    """Whether the decoder would believe that so few bytes hold so much."""
    wanted = elements * _MAX_LEVELS
    parts = [part for part in (coded.positions, coded.symbols) if part]
    return coded.coding == Coding.RAW or all(wanted <= DECISIONS_PER_BYTE * (len(part) - 4) for part in parts)


def _size(coded: CodedTensor) -> int:
    return len(coded.content)


def _modelled(bits: Patterns, dtype: _DType, placed: Placed, book: Patterns | None) -> CodedTensor:
    layout = placed.layout
    ordered = bits.reshape(-1, placed.width).T.reshape(-1) if placed.transposed else bits
    occupied = ordered != 0
    if occupied.mean() > _DENSE:
        occupied[:] = True
    book = book if book is None or occupied.all() else book[book != 0]
    flags = (_TRANSPOSED if placed.transposed else 0) | (0 if occupied.all() else _ZEROS)
    codebook = b""
    keys = to_keys(ordered[occupied], dtype)
    if book is None:
        levels, rest = _direct_levels(dtype)
        symbols = (keys >> keys.dtype.type(rest)).astype(np.int64)
        tail = _pack(keys, rest)
    else:
        book_keys = np.sort(to_keys(book, dtype))
        codebook = from_keys(book_keys, dtype).tobytes()
        if dtype == np.float32 and _fits_half(codebook):
            flags |= _HALF
            codebook = np.frombuffer(codebook, "<f4").astype("<f2").tobytes()
        codebook = number(len(book)) + codebook
        levels, tail = (len(book) - 1).bit_length(), b""
        symbols = np.searchsorted(book_keys, keys).astype(np.int64)
    positions = b""
    if flags & _ZEROS:
        encoder = Encoder(matrix.states_for(len(ordered)))
        matrix.code_zero_map(encoder, layout, occupied.astype(np.int64))
        positions = blob(encoder.finish())
    coded = b""
    if levels:
        encoder = Encoder(matrix.states_for(len(symbols) * levels))
        matrix.code_symbols(encoder, layout, np.flatnonzero(occupied), levels, symbols)
        coded = blob(encoder.finish())
    coding = Coding.DIRECT if book is None else Coding.CODEBOOK
    header = bytes([coding, flags]) + number(placed.width) + number(layout.near) + number(layout.far)
    return CodedTensor(coding, header, codebook, positions, coded + tail)


def decode(reader: Reader, shape: tuple[int, ...], dtype: _DType) -> npt.NDArray[np.generic]:
    """The tensor that `encode` wrote.

    Raises:
        CompressedFileError: The bytes are not such a tensor.
    """
    count = int(np.prod(shape, dtype=np.int64))
    coding = reader.byte()
    if coding == Coding.RAW:
        bits = np.frombuffer(reader.take(count * dtype.itemsize), f"<u{dtype.itemsize}")
    elif coding == Coding.CONSTANT:
        one = np.frombuffer(reader.take(dtype.itemsize if count else 0), f"<u{dtype.itemsize}")
        bits = np.repeat(one, count)
    elif coding in (Coding.CODEBOOK, Coding.DIRECT):
        bits = _decode_modelled(reader, count, dtype, coding == Coding.CODEBOOK)
    else:
        raise damaged(f"tensor coding {coding} is unknown")
    return np.frombuffer(bits.tobytes(), dtype).reshape(shape)


def _decode_modelled(reader: Reader, count: int, dtype: _DType, with_book: bool) -> Patterns:
    flags = reader.byte()
    width = reader.number(count + 1)
    if not width or count % width or flags & ~(_TRANSPOSED | _ZEROS | _HALF):
        raise damaged("a tensor's parameters contradict its shape")
    rows, columns = (width, count // width) if flags & _TRANSPOSED else (count // width, width)
    near, far = reader.number(rows + 2), reader.number(rows + 2)
    if not 0 < near < far:
        raise damaged("a tensor's row distances are out of order")
    layout = matrix.Layout(rows, columns, near, far)
    book = _decode_book(reader, dtype, flags) if with_book else None
    occupied = np.ones(count, np.bool_)
    if flags & _ZEROS:
        decoder = Decoder(reader.blob(), matrix.states_for(count), count)
        occupied = matrix.code_zero_map(decoder, layout, None) != 0
        decoder.finish()
    places = np.flatnonzero(occupied)
    levels = (len(book) - 1).bit_length() if book is not None else _direct_levels(dtype)[0]
    symbols = np.zeros(len(places), np.int64)
    if levels:
        decisions = len(places) * levels
        decoder = Decoder(reader.blob(), matrix.states_for(decisions), decisions)
        symbols = matrix.code_symbols(decoder, layout, places, levels, None)
        decoder.finish()
    if book is not None:
        if len(symbols) and symbols.max() >= len(book):
            raise damaged("an index lies outside its codebook")
        found = book[symbols]
    else:
        rest = _direct_levels(dtype)[1]
        keys = symbols.astype(f"<u{dtype.itemsize}") << np.dtype(f"<u{dtype.itemsize}").type(rest)
        found = from_keys(keys | _unpack(reader, len(places), rest, dtype), dtype)
    ordered = np.zeros(count, f"<u{dtype.itemsize}")
    ordered[occupied] = found
    return ordered.reshape(rows, columns).T.reshape(-1) if flags & _TRANSPOSED else ordered


def _decode_book(reader: Reader, dtype: _DType, flags: int) -> Patterns:
    size = reader.number((1 << _MAX_LEVELS) + 1)
    if not size or (flags & _HALF and dtype != np.float32):
        raise damaged("a codebook does not fit its tensor")
    if flags & _HALF:
        return patterns(np.frombuffer(reader.take(2 * size), "<f2").astype("<f4"))
    return np.frombuffer(reader.take(size * dtype.itemsize), f"<u{dtype.itemsize}")


def _direct_levels(dtype: _DType) -> tuple[int, int]:
    """Bits of a key that are modelled, and bits below them that are stored as they are."""
    levels = min(_MAX_LEVELS, 8 * dtype.itemsize)
    return levels, 8 * dtype.itemsize - levels


def _fits_half(codebook: bytes) -> bool:
    values = np.frombuffer(codebook, "<f4")
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype("<f2").astype("<f4").tobytes() == codebook


def _pack(keys: Patterns, rest: int) -> bytes:
    """The `rest` lowest bits of each key, the highest first, packed without gaps."""
    columns = [(keys >> keys.dtype.type(place)) & keys.dtype.type(1) for place in range(rest - 1, -1, -1)]
    return np.packbits(np.stack(columns, 1).astype(np.uint8)).tobytes() if rest else b""


def _unpack(reader: Reader, count: int, rest: int, dtype: _DType) -> Patterns:
    data = reader.take((count * rest + 7) // 8)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count * rest).reshape(count, rest)
    keys = np.zeros(count, f"<u{dtype.itemsize}")
    one = keys.dtype.type(1)
    for place in range(rest):
        keys = keys << one | bits[:, place].astype(keys.dtype)
    return keys
