"""docs/format.md says all that a decoder needs: one written from it alone restores the same bytes."""

from __future__ import annotations

import numpy as np

from edgeprune.compress import Contents, Kind, NamedTensor, encode_tensors
from edgeprune.compress.container import encode
from support.epz_decoder import decode


def _kernel(shape: tuple[int, ...], density: float, values: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    kernel = rng.standard_normal(values).astype(np.float32)[rng.integers(0, values, shape)]
    return np.where(rng.random(shape) < density, kernel, np.float32(0))


def test_keras_tensors() -> None:
    rng = np.random.default_rng(2)
    tensors = {
        "clustered": _kernel((130, 70), 0.15, 12),
        "half": _kernel((40, 20), 0.5, 5).astype(np.float16).astype(np.float32),
        "pruned": _kernel((60, 20), 0.3, 5000),
        "bias": rng.standard_normal(70).astype(np.float32),
        "integers": rng.integers(-5000, 5000, 200),
        "constant": np.ones((3, 4), np.int8),
    }
    assert decode(encode_tensors(tensors).content) == [values.tobytes() for values in tensors.values()]


def test_tensors_of_a_file_are_transposed() -> None:
    rng = np.random.default_rng(3)
    dense = np.clip(rng.standard_normal((24, 3, 3, 8)) * 30, -127, 127).astype(np.int8)
    sparse = np.where(rng.random((30, 50)) < 0.2, rng.integers(-127, 128, (30, 50)), 0).astype(np.int8)
    tensors = tuple(NamedTensor("", values) for values in (dense, sparse))
    content = encode(Contents(Kind.FILE, tensors, b"abcdef", (2, 1))).content
    assert decode(content) == [dense.tobytes(), sparse.tobytes()]
