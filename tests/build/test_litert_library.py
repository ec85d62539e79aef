"""LiteRT's library for Arm: where it comes from, and what is said where it cannot come."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgeprune.build import LiteRtLibrary, litert_library
from edgeprune.build.litert_library import VARIABLE
from edgeprune.errors import ToolchainError
from edgeprune.resources import firmware_templates_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = tomllib.loads((firmware_templates_folder() / "litert" / "library.toml").read_text(encoding="utf-8"))
ROOT = Path(__file__).resolve().parents[2]


def test_the_digest_is_one_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entry = lock[lock.index(f"ai-edge-litert=={SOURCE['version']}") :].partition("    # via")[0]
    assert f"--hash=sha256:{SOURCE['sha256']}" in entry


def test_what_was_fetched_once_needs_no_network(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EDGEPRUNE_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(VARIABLE, raising=False)
    kept = tmp_path / "litert" / f"{SOURCE['version']}-{SOURCE['sha256'][:16]}" / "libLiteRt.so"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept")
    assert litert_library() == LiteRtLibrary(kept, SOURCE["version"])


def test_offline(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EDGEPRUNE_CACHE", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    nowhere = "http://127.0.0.1:9/"
    for name, value in (
        ("PIP_INDEX_URL", nowhere), ("PIP_RETRIES", "0"), ("UV_INDEX_URL", nowhere), ("UV_HTTP_RETRIES", "0"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ToolchainError, match=r"^cannot fetch LiteRT 2\.3\.0 for Arm: .*; connect to the network once"):
        litert_library()
    assert list((tmp_path / "litert").iterdir()) == []
