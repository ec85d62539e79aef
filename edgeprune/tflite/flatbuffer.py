"""A .tflite file as the tree of objects that the schema's bindings make of it, and back to bytes.

What the bindings leave out is added here: constants begin at multiples of 16 bytes, as the
runtimes want them, and the archive of labels and the like that some files carry behind the
flatbuffer stays there.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgeprune.errors import VerificationError

IDENTIFIER = b"TFL3"
_ALIGNMENT = 16


def unpacked(content: bytes) -> Any:
    """The file's `ModelT`; what damaged bytes raise is the caller's to catch."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


def packed(model: Any, source: bytes) -> bytes:
    """The bytes of a `ModelT`, read back and compared, with what follows the flatbuffer in `source`.

    Raises:
        VerificationError: the bindings do not read what they wrote.
    """
    builder = flatbuffers.Builder(1024)
    buffers = model.buffers
    model.buffers = [_Aligned(buffer) for buffer in buffers]
    try:
        builder.Finish(model.Pack(builder), IDENTIFIER)
    finally:
        model.buffers = buffers
    content = bytes(builder.Output())
    where = _difference(model, unpacked(content), "model")
    if where is not None:
        raise VerificationError(f"the written .tflite file differs from what was to be written at {where}")
    return _with_archive(content, source)


class _Aligned:
    """Packs a buffer as `BufferT` does, but with its bytes at a multiple of 16."""

    def __init__(self, buffer: Any) -> None:
        self._buffer = buffer

    def Pack(self, builder: Any) -> Any:  # noqa: N802 (the bindings' name)
        data = None
        if self._buffer.data is not None:
            raw = np.asarray(self._buffer.data, np.uint8).tobytes()
            builder.StartVector(1, len(raw), _ALIGNMENT)
            builder.head -= len(raw)
            builder.Bytes[builder.head : builder.head + len(raw)] = raw
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        schema.BufferAddOffset(builder, self._buffer.offset)
        schema.BufferAddSize(builder, self._buffer.size)
        return schema.BufferEnd(builder)


def _difference(first: Any, second: Any, where: str) -> str | None:
    """The path of the first value in which two trees differ; an array equals a list of its values."""
    if isinstance(first, (list, tuple, np.ndarray)) and isinstance(second, (list, tuple, np.ndarray)):
        if len(first) != len(second):
            return where
        if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
            return None if _bytes(first) == _bytes(second) else where
        pairs = (_difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(first, second, strict=True)))
        return next((found for found in pairs if found is not None), None)
    if hasattr(first, "__dict__") and type(first) is type(second):
        pairs = (_difference(value, vars(second)[name], f"{where}.{name}") for name, value in vars(first).items())
        return next((found for found in pairs if found is not None), None)
    return None if _plain(first) == _plain(second) else where


def _bytes(values: Any) -> bytes:
    """Numbers as bytes that tell whether they are the same, whatever their type."""
    array: npt.NDArray[Any] = np.asarray(values)
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64).tobytes()


def _plain(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _with_archive(content: bytes, source: bytes) -> bytes:
    """`content` followed by the .zip archive at the end of `source`, where there is one."""
    if not zipfile.is_zipfile(io.BytesIO(source)):
        return content
    joined = io.BytesIO(content)
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(joined, "a") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry))
    return joined.getvalue()
