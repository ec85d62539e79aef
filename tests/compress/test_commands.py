"""`compress` and `decompress`: files, tables and faults."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeprune.compress import encode_tensors
from support.command_line import edgeprune


@pytest.fixture
def epz(tmp_path: Path) -> Path:
    path = tmp_path / "small.epz"
    path.write_bytes(encode_tensors({"kernel": np.arange(200, dtype=np.float32).reshape(20, 10) // 40}).content)
    return path


def test_arrays_are_written(epz: Path, tmp_path: Path) -> None:
    ended = edgeprune("decompress", epz, "--out", tmp_path / "out.npz", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["tensors"] == 1
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["kernel"].tobytes() == (np.arange(200, dtype=np.float32) // 40).tobytes()


def test_a_tflite_goes_there_and_back(tmp_path: Path) -> None:
    source = tmp_path / "model.tflite"
    # No sound flatbuffer behind the identifier, so all of it goes through LZMA.
    source.write_bytes(b"\x08\x00\x00\x00TFL3" + bytes(range(256)) * 4)
    ended = edgeprune("compress", source, "--out", tmp_path / "model.epz", "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["bytes"] == (tmp_path / "model.epz").stat().st_size
    assert found["original_bytes"] == source.stat().st_size
    assert edgeprune("decompress", tmp_path / "model.epz", "--out", tmp_path / "back.tflite").code == 0
    assert (tmp_path / "back.tflite").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("out", "said"),
    [("out.txt", "must end in"), ("out.tflite", r"holds no .tflite"), ("out.keras", "holds no Keras model")],
)
def test_outputs_that_do_not_fit(epz: Path, tmp_path: Path, out: str, said: str) -> None:
    assert said in edgeprune("decompress", epz, "--out", tmp_path / out).is_users_fault()
    assert not (tmp_path / out).exists()


def test_faulty_inputs(epz: Path, tmp_path: Path) -> None:
    content = bytearray(epz.read_bytes())
    content[len(content) // 2] ^= 1
    epz.write_bytes(content)
    assert "damaged" in edgeprune("decompress", epz, "--out", tmp_path / "a.npz").is_users_fault()
    missing = tmp_path / "missing"
    assert "missing" in edgeprune("decompress", missing, "--out", tmp_path / "a.npz").is_users_fault()
    for name in ("missing.tflite", "missing.keras"):
        assert "missing" in edgeprune("compress", tmp_path / name, "--out", tmp_path / "a.epz").is_users_fault()
