"""The file around the coded tensors: magic, version, kind, checksums."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgeprune.compress import coding
from edgeprune.compress.errors import CompressedFileError, damaged
from edgeprune.compress.patterns import DTYPES, patterns
from edgeprune.compress.values import Compressed, CompressionReport, Contents, Kind, NamedTensor, TensorReport
from edgeprune.compress.wire import Reader, blob, number, packed
from edgeprune.errors import DataError
from edgeprune.progress import SILENT, Progress

_MAGIC = b"EPZ"
_VERSION = 1
_CHECKSUM = 4
_SHORTEST = len(_MAGIC) + 2 + 2 * _CHECKSUM
_MOST_AXES = 32
#: Refuse to unpack more than this many bytes.
LIMIT = 1 << 28


def encode_tensors(
    tensors: Sequence[NamedTensor] | Mapping[str, npt.NDArray[np.generic]], progress: Progress = SILENT
) -> Compressed:
    """Compress tensors without loss: every bit, also the sign of a zero, comes back.

    Args:
        tensors: Kernels as Keras stores them, outputs last.
        progress: Advances by one per tensor.

    Raises:
        DataError: A tensor's type cannot be stored.
    """
    if isinstance(tensors, Mapping):
        tensors = [NamedTensor(name, values) for name, values in tensors.items()]
    return encode(Contents(Kind.TENSORS, tuple(tensors)), progress)


def decode_tensors(content: bytes, limit: int = LIMIT) -> tuple[NamedTensor, ...]:
    """The tensors of a compressed file, bit by bit as they were.

    Args:
        content: The file's bytes.
        limit: Refuse to unpack more bytes than this.

    Raises:
        CompressedFileError: The file is cut, altered, no such file, or larger than the limit once unpacked.
    """
    return decode(content, limit).tensors


def encode(contents: Contents, progress: Progress = SILENT) -> Compressed:
    """As `encode_tensors`, for every kind of contents."""
    gaps = [number(gap) for gap in contents.gaps] or [b""] * len(contents.tensors)
    entries = (_entry(tensor) + gap for tensor, gap in zip(contents.tensors, gaps, strict=True))
    names = packed(b"".join(entries))
    rest = packed(contents.rest)
    parts = [number(len(contents.tensors)), names, rest]
    reports = []
    progress.start("compress tensors", len(contents.tensors))
    for tensor in contents.tensors:
        coded = coding.encode(tensor.values, contents.kind == Kind.FILE)
        parts.append(coded.content)
        reports.append(_report(tensor, coded))
        progress.advance()
    progress.finish()
    body = _MAGIC + bytes([_VERSION, contents.kind]) + b"".join(parts) + _content_checksum(contents)
    content = body + zlib.crc32(body).to_bytes(_CHECKSUM, "little")
    framing = len(content) - len(names) - len(rest) - sum(report.nbytes for report in reports)
    original = sum(tensor.values.nbytes for tensor in contents.tensors)
    if contents.kind == Kind.FILE:
        original += len(contents.rest)
    return Compressed(content, CompressionReport(tuple(reports), framing, len(names), len(rest), original))


def decode(content: bytes, limit: int = LIMIT, progress: Progress = SILENT) -> Contents:
    """As `decode_tensors`, for every kind of contents."""
    if content[:3] != _MAGIC:
        raise CompressedFileError("this is no file that edgeprune compressed; give an .epz file")
    if len(content) < _SHORTEST or zlib.crc32(content[:-_CHECKSUM]) != int.from_bytes(content[-_CHECKSUM:], "little"):
        raise damaged("its checksum does not fit its bytes")
    if content[3] != _VERSION:
        raise CompressedFileError(
            f"the compressed file has version {content[3]} and this edgeprune reads {_VERSION}; update edgeprune"
        )
    reader = Reader(content[4:-_CHECKSUM], limit)
    kind = reader.byte()
    if kind not in tuple(Kind):
        raise damaged(f"its kind {kind} is unknown")
    count = reader.number()
    entries = Reader(reader.packed(), limit)
    rest = reader.packed()
    tensors, gaps = [], []
    progress.start("restore tensors", count)
    for _ in range(count):
        name, dtype, shape = _read_entry(entries)
        if kind == Kind.FILE:
            gaps.append(entries.number(len(rest) + 1))
        reader.spend(dtype.itemsize * math.prod(max(1, extent) for extent in shape))
        tensors.append(NamedTensor(name, coding.decode(reader, shape, dtype)))
        progress.advance()
    progress.finish()
    contents = Contents(Kind(kind), tuple(tensors), rest, tuple(gaps))
    entries.end()
    if sum(gaps) > len(rest) or reader.take(_CHECKSUM) != _content_checksum(contents):
        raise damaged("its contents do not fit their checksum")
    reader.end()
    return contents


def _content_checksum(contents: Contents) -> bytes:
    """CRC-32 of the rest and the tensors' bytes: also proves that the decoder itself is right."""
    check = zlib.crc32(contents.rest)
    for tensor in contents.tensors:
        check = zlib.crc32(patterns(tensor.values).tobytes(), check)
    return check.to_bytes(_CHECKSUM, "little")


def _entry(tensor: NamedTensor) -> bytes:
    little = tensor.values.dtype.newbyteorder("<")
    if little not in DTYPES:
        raise DataError(f"tensor {tensor.name!r} has type {tensor.values.dtype}, which cannot be stored; convert it")
    shape = tensor.values.shape
    head = blob(tensor.name.encode()) + bytes([DTYPES.index(little)]) + number(len(shape))
    return head + b"".join(number(extent) for extent in shape)


def _read_entry(entries: Reader) -> tuple[str, np.dtype[np.generic], tuple[int, ...]]:
    try:
        name = entries.blob().decode()
    except UnicodeDecodeError:
        raise damaged("a tensor's name is no UTF-8") from None
    kind = entries.byte()
    if kind >= len(DTYPES):
        raise damaged(f"tensor type {kind} is unknown")
    return name, DTYPES[kind], tuple(entries.number() for _ in range(entries.number(_MOST_AXES + 1)))


def _report(tensor: NamedTensor, coded: coding.CodedTensor) -> TensorReport:
    bits = patterns(tensor.values)
    return TensorReport(
        tensor.name,
        tensor.values.dtype.name,
        tensor.values.shape,
        int(np.count_nonzero(bits)),
        len(np.unique(bits)),
        coded.coding.name.lower(),
        len(coded.positions),
        len(coded.symbols),
        len(coded.codebook),
        len(coded.header),
    )
