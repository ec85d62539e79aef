"""The file around the coded tensors: magic, version, kind, checksums."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgeprune.compress import coding
from edgeprune.compress.errors import CompressedFileError, damaged
from edgeprune.compress.patterns import DTYPES, patterns
from edgeprune.compress.values import Compressed, CompressionReport, NamedTensor, TensorReport
from edgeprune.compress.wire import Reader, blob, number, packed
from edgeprune.errors import DataError
from edgeprune.progress import SILENT, Progress

_MAGIC = b"EPZ"
_VERSION = 1
_CHECKSUM = 4
#: Refuse to unpack more than this many bytes.
LIMIT = 1 << 30


def encode_tensors(
    tensors: Sequence[NamedTensor] | Mapping[str, npt.NDArray[np.generic]],
    architecture: bytes = b"",
    progress: Progress = SILENT,
) -> Compressed:
    """Compress tensors without loss.

    Args:
        tensors: With unique names.
        architecture: What else it takes to rebuild the model; stored with them.
        progress: Advances by one per tensor.

    Raises:
        DataError: A tensor's type cannot be stored.
    """
    if isinstance(tensors, Mapping):
        tensors = [NamedTensor(name, values) for name, values in tensors.items()]
    names = packed(b"".join(_entry(tensor) for tensor in tensors))
    built = packed(architecture)
    parts = [number(len(tensors)), names, built]
    reports = []
    check = 0
    progress.start("compress tensors", len(tensors))
    for tensor in tensors:
        coded = coding.encode(tensor.values)
        parts.append(coded.content)
        reports.append(_report(tensor, coded))
        check = zlib.crc32(patterns(tensor.values).tobytes(), check)
        progress.advance()
    progress.finish()
    body = _MAGIC + bytes([_VERSION]) + b"".join(parts) + struct.pack("<I", check)
    content = body + struct.pack("<I", zlib.crc32(body))
    framing = len(content) - len(names) - len(built) - sum(report.nbytes for report in reports)
    original = sum(tensor.values.nbytes for tensor in tensors)
    return Compressed(content, CompressionReport(tuple(reports), framing, len(names), len(built), original))


def decode_tensors(content: bytes, limit: int = LIMIT) -> tuple[NamedTensor, ...]:
    """The tensors of a compressed file, bit by bit as they were.

    Args:
        content: The file's bytes.
        limit: Refuse to unpack more bytes than this.

    Raises:
        CompressedFileError: The file is cut, altered, no such file, or larger than the limit once unpacked.
    """
    if content[:3] != _MAGIC:
        raise CompressedFileError("this is no file that edgeprune compressed; give an .epz file")
    if len(content) < 16 or zlib.crc32(content[:-_CHECKSUM]) != int.from_bytes(content[-_CHECKSUM:], "little"):
        raise damaged("its checksum does not fit its bytes")
    if content[3] != _VERSION:
        raise CompressedFileError(
            f"the compressed file has version {content[3]} and this edgeprune reads {_VERSION}; update edgeprune"
        )
    reader = Reader(content[4:-_CHECKSUM], limit)
    count = reader.number()
    entries = Reader(reader.packed(), limit)
    reader.packed()
    check = 0
    tensors = []
    for _ in range(count):
        name, dtype, shape = _read_entry(entries)
        reader.spend(int(np.prod([dtype.itemsize, *shape], dtype=object)))
        values = coding.decode(reader, shape, dtype)
        check = zlib.crc32(patterns(values).tobytes(), check)
        tensors.append(NamedTensor(name, values))
    entries.end()
    if reader.take(_CHECKSUM) != struct.pack("<I", check):
        raise damaged("its tensors do not fit their checksum")
    reader.end()
    return tuple(tensors)


def _entry(tensor: NamedTensor) -> bytes:
    little = tensor.values.dtype.newbyteorder("<")
    if little not in DTYPES:
        raise DataError(f"tensor {tensor.name!r} has type {tensor.values.dtype}, which cannot be stored; convert it")
    shape = tensor.values.shape
    return (
        blob(tensor.name.encode())
        + bytes([DTYPES.index(little)])
        + number(len(shape))
        + b"".join(number(extent) for extent in shape)
    )


def _read_entry(entries: Reader) -> tuple[str, np.dtype[np.generic], tuple[int, ...]]:
    try:
        name = entries.blob().decode()
    except UnicodeDecodeError:
        raise damaged("a tensor's name is no UTF-8") from None
    kind = entries.byte()
    if kind >= len(DTYPES):
        raise damaged(f"tensor type {kind} is unknown")
    return name, DTYPES[kind], tuple(entries.number() for _ in range(entries.number(33)))


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
