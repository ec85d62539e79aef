"""A damaged or hostile file ends in one error, never in a crash, a hang or a wild allocation."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.compress import CompressedFileError, decode_tensors, encode_tensors

KERNEL = np.where(np.arange(180) % 7 == 0, np.float32(0.5) * (1 + np.arange(180) % 5), np.float32(0)).reshape(15, 12)
CONTENT = encode_tensors({"kernel": KERNEL, "bias": np.linspace(0, 1, 80, dtype=np.float32)}).content


def _sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


@pytest.mark.parametrize("length", range(len(CONTENT)))
def test_every_cut_is_found(length: int) -> None:
    with pytest.raises(CompressedFileError):
        decode_tensors(CONTENT[:length])


def test_every_flipped_bit_is_found() -> None:
    for place in range(8 * len(CONTENT)):
        damaged = bytearray(CONTENT)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(CompressedFileError):
            decode_tensors(bytes(damaged))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_altered_files_with_a_right_checksum(data: st.DataObject) -> None:
    body = bytearray(CONTENT[:-4])
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(4, len(body) - 1))] = data.draw(st.integers(0, 255))
    _assert_restored_or_refused(_sealed(bytes(body)))


@given(st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_hostile_bodies(body: bytes) -> None:
    _assert_restored_or_refused(_sealed(b"EPZ\x01" + body))


def _assert_restored_or_refused(content: bytes) -> None:
    try:
        tensors = decode_tensors(content, limit=1 << 16)
    except CompressedFileError as error:
        assert str(error).count("\n") == 0
        return
    assert sum(tensor.values.nbytes for tensor in tensors) <= 1 << 16


def test_the_limit_holds() -> None:
    content = encode_tensors({"zeros": np.zeros(1 << 20, np.float32)}).content
    with pytest.raises(CompressedFileError, match="limit"):
        decode_tensors(content, limit=1 << 20)


def test_other_versions_are_refused() -> None:
    with pytest.raises(CompressedFileError, match="version 2"):
        decode_tensors(_sealed(b"EPZ\x02" + CONTENT[4:-4]))
