"""Whole .tflite files: weights go through the tensor coder, all other bytes through LZMA."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.compress.container import decode, encode
from edgeprune.compress.errors import CompressedFileError
from edgeprune.compress.values import Compressed, Contents, Kind, NamedTensor
from edgeprune.errors import ModelError
from edgeprune.progress import SILENT, Progress

_IDENTIFIER = b"TFL3"
_FEWEST_BYTES = 64
_DTYPES = {
    schema.TensorType.FLOAT32: "<f4",
    schema.TensorType.FLOAT16: "<f2",
    schema.TensorType.INT8: "<i1",
    schema.TensorType.UINT8: "<u1",
    schema.TensorType.INT16: "<i2",
    schema.TensorType.INT32: "<i4",
    schema.TensorType.INT64: "<i8",
}
_BUFFER_DATA_FIELD = 4
#: What the bindings are known to raise on bytes that are no sound flatbuffer.
_DAMAGE = (struct.error, ValueError, IndexError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True)
class _Extent:
    """The bytes [start, start + size) of a file are a tensor."""

    start: int
    size: int
    dtype: str
    shape: tuple[int, ...]
    name: str


def encode_tflite(content: bytes, progress: Progress = SILENT) -> Compressed:
    """Compress a .tflite file; `decode_tflite` gives the same bytes.

    Raises:
        ModelError: It is no .tflite file.
    """
    if content[4:8] != _IDENTIFIER:
        raise ModelError("this is no .tflite file: it lacks the identifier TFL3; give a .tflite file")
    tensors, gaps, rest, end = [], [], [], 0
    for extent in _weights(content):
        values = np.frombuffer(content, extent.dtype, int(np.prod(extent.shape)), extent.start).reshape(extent.shape)
        tensors.append(NamedTensor(extent.name, values))
        gaps.append(extent.start - end)
        rest.append(content[end : extent.start])
        end = extent.start + extent.size
    whole = b"".join([*rest, content[end:]])
    # The names stand in the rest already; the file's own are left empty.
    nameless = tuple(NamedTensor("", tensor.values) for tensor in tensors)
    compressed = encode(Contents(Kind.FILE, nameless, whole, tuple(gaps)), progress)
    return compressed.named(tuple(tensor.name for tensor in tensors))


def decode_tflite(content: bytes, progress: Progress = SILENT) -> bytes:
    """The .tflite file that `encode_tflite` compressed, byte by byte.

    Raises:
        CompressedFileError: The file is damaged, or holds no .tflite.
    """
    return restored_file(decode(content, progress=progress))


def restored_file(contents: Contents) -> bytes:
    """The file's bytes: each gap's share of the rest, then the tensor; at the end what is left of the rest.

    Raises:
        CompressedFileError: The contents are of another kind.
    """
    if contents.kind != Kind.FILE:
        raise CompressedFileError("the compressed file holds no .tflite; give --out a name that ends in .keras or .npz")
    parts, at = [], 0
    for gap, tensor in zip(contents.gaps, contents.tensors, strict=True):
        parts += [contents.rest[at : at + gap], tensor.values.tobytes()]
        at += gap
    return b"".join([*parts, contents.rest[at:]])


def _weights(content: bytes) -> list[_Extent]:
    """Buffers worth coding as tensors, ascending and apart; none where the file is not a sound flatbuffer."""
    try:
        found = sorted(_buffers(content), key=lambda extent: extent.start)
    except _DAMAGE:
        return []
    apart = all(one.start + one.size <= other.start for one, other in itertools.pairwise(found))
    return found if apart else []


def _buffers(content: bytes) -> Iterator[_Extent]:
    model = schema.Model.GetRootAs(content, 0)
    seen = set()
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        for tensor in (graph.Tensors(index) for index in range(graph.TensorsLength())):
            if tensor.Buffer() in seen or tensor.Type() not in _DTYPES:
                continue
            table = model.Buffers(tensor.Buffer())._tab
            field = table.Offset(_BUFFER_DATA_FIELD)
            size = table.VectorLen(field) if field else 0
            shape = tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength()))
            dtype = np.dtype(_DTYPES[tensor.Type()])
            # Sparse and packed tensors have another size than their shape says.
            if size < _FEWEST_BYTES or size != dtype.itemsize * int(np.prod(shape)) or min(shape, default=1) < 1:
                continue
            start = table.Vector(field)
            if start + size <= len(content):
                seen.add(tensor.Buffer())
                yield _Extent(start, size, dtype.str, shape, tensor.Name().decode(errors="replace"))
