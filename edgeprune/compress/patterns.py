"""Tensors as unsigned bit patterns, and as keys: integers of the same width that sort as the values do."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Patterns = npt.NDArray[np.unsignedinteger[Any]]

#: Types by their number in the file.
DTYPES = tuple(
    np.dtype(name).newbyteorder("<") for name in ("f4", "f2", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f8", "?")
)


def patterns(values: npt.NDArray[np.generic]) -> Patterns:
    """[n] the elements' bits as unsigned integers of the same size."""
    flat = np.ascontiguousarray(values).reshape(-1)
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    return np.frombuffer(little.tobytes(), f"<u{flat.dtype.itemsize}")


def to_keys(bits: Patterns, dtype: np.dtype[np.generic]) -> Patterns:
    """Keys of the patterns: the sign bit of integers is flipped, negative floats are flipped whole."""
    top = bits.dtype.type(1 << (8 * dtype.itemsize - 1))
    if dtype.kind == "i":
        return bits ^ top
    if dtype.kind == "f":
        return np.where(bits & top, ~bits, bits | top)
    return bits


def from_keys(keys: Patterns, dtype: np.dtype[np.generic]) -> Patterns:
    """The inverse of `to_keys`."""
    top = keys.dtype.type(1 << (8 * dtype.itemsize - 1))
    if dtype.kind == "i":
        return keys ^ top
    if dtype.kind == "f":
        return np.where(keys & top, keys ^ top, ~keys)
    return keys
