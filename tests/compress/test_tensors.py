"""Tensors come back bit by bit, whatever they hold, and every byte of the file is accounted for."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeprune.compress import decode_tensors, encode_tensors, matrix, model

DTYPES = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "float64", "bool")


def _pruned(rows: int, columns: int, density: float, values: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    book = rng.standard_normal(values).astype(np.float32)
    kernel = book[rng.integers(0, values, (rows, columns))]
    kernel[rng.random(kernel.shape) >= density] = 0
    return kernel


def _entropy(values: np.ndarray) -> float:
    """Bytes that a perfect coder of independent elements needs, its tables not counted."""
    _, counts = np.unique(values, return_counts=True)
    share = counts / counts.sum()
    return float(-(counts * np.log2(share)).sum() / 8)


def _assert_same(tensors: dict[str, np.ndarray]) -> None:
    compressed = encode_tensors(tensors)
    restored = decode_tensors(compressed.content)
    assert [tensor.name for tensor in restored] == list(tensors)
    for tensor in restored:
        wanted = tensors[tensor.name]
        assert tensor.values.dtype == wanted.dtype
        assert tensor.values.shape == wanted.shape
        assert tensor.values.tobytes() == wanted.tobytes()
    assert compressed.report.nbytes == len(compressed.content)


@given(
    hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6), unique=False)
)
@settings(max_examples=30, deadline=None)
def test_any_array_is_restored(values: np.ndarray) -> None:
    _assert_same({"a": values})


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("values", [1, 2, 17, 300])
def test_pruned_and_clustered(density: float, values: int) -> None:
    _assert_same({"kernel": _pruned(60, 50, density, values), "bias": np.arange(50, dtype=np.float32) / 7})


def test_special_values_keep_their_bits() -> None:
    values = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -1.5] * 40, np.float32)
    values.view(np.uint32)[2] = 0x7FC12345
    _assert_same({"odd": values})


def test_size_is_near_the_entropy() -> None:
    kernel = _pruned(300, 200, 0.05, 16)
    assert len(encode_tensors({"kernel": kernel}).content) < 1.04 * _entropy(kernel) + 150


def test_rows_that_are_zero_like_their_neighbours_cost_little() -> None:
    kernel = _pruned(28 * 28, 40, 0.1, 16)
    edge = np.add.outer(np.abs(np.arange(28) - 13.5), np.abs(np.arange(28) - 13.5)).reshape(-1) > 14
    kernel[edge] = 0
    assert encode_tensors({"kernel": kernel}).report.tensors[0].positions < 0.95 * _entropy(kernel != 0)


def test_a_half_precision_codebook_is_stored_as_such() -> None:
    kernel = _pruned(40, 40, 0.5, 16).astype(np.float16).astype(np.float32)
    assert encode_tensors({"kernel": kernel}).report.tensors[0].codebook == 1 + 2 * 16
    _assert_same({"kernel": kernel})


def test_tables_are_those_of_the_format_document() -> None:
    text = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
    for table in (model._LOG, model._SQUASH):
        assert f" {zlib.crc32(table.astype('<i4').tobytes())}" in text
    assert [int(value) for value in matrix._MAGNITUDE_OF] == [(v**3).bit_length() - 1 for v in range(1, 8194)]
    assert matrix._densities(300).tolist() == [min(15, ((v + 1) ** 2).bit_length() - 1) for v in range(301)]
