"""C of ours that runs on this machine inside an emulator: compiled at first use, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgeprune.errors import ToolchainError
from edgeprune.resources import cache_folder

_COMPILE_SECONDS = 120


def compiled(source: Path, defines: Sequence[str] = (), purpose: str = "the emulator's counter") -> Path:
    """Path of the shared library made of `source`; its name holds a hash of all it is made of, so it is never stale.

    Raises:
        ToolchainError: it cannot be compiled on this machine.
    """
    digest = hashlib.sha256(source.read_bytes() + " ".join(defines).encode()).hexdigest()[:16]
    folder = cache_folder("emulator")
    path = folder / f"{source.stem}-{digest}-{os.uname().machine}.so"
    if path.is_file():
        return path
    # Renamed into place, so that a second process never loads half a file.
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        library = Path(scratch) / path.name
        _compile(source, library, defines, purpose)
        library.replace(path)
    return path


def _compile(source: Path, output: Path, defines: Sequence[str], purpose: str) -> None:
    # baseline: the cache may move to a machine with an older processor.  zig keeps caches of its
    # own; beside ours they are writable wherever we are.
    zig_cache = str(cache_folder("zig"))
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": zig_cache, "ZIG_LOCAL_CACHE_DIR": zig_cache}
    command = (
        sys.executable, "-m", "ziglang", "cc", "-std=c99", "-O2", "-g0", "-mcpu=baseline", "-fno-sanitize=undefined",
        *(f"-D{define}" for define in defines), "-shared", "-fPIC", "-o", str(output), str(source),
    )  # fmt: skip
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_COMPILE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"cannot compile {purpose}: {error}; run `edgeprune doctor`") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise ToolchainError(f"cannot compile {purpose}: {reason}; run `edgeprune doctor`")
