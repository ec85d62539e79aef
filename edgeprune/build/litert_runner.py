"""The program that runs .tflite files by LiteRT on Arm computers: compiled once, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgeprune.build.litert_library import LiteRtLibrary, litert_library
from edgeprune.build.toolchain import find_toolchain
from edgeprune.emit import emit_firmware, load_platform
from edgeprune.progress import SILENT, Progress
from edgeprune.resources import cache_folder

_PLATFORM = "litert"
#: The oldest C library with which zig links all that the program calls; LiteRT itself needs 2.34.
_ARM_LINUX = "aarch64-linux-gnu.2.28"


@dataclass(frozen=True)
class LiteRtRunner:
    """A program and the library that it opens; both must lie on the computer that runs it.

    Attributes:
        program: Takes a model and options; prints one line of JSON last.
        library: Given to it with --library.
    """

    program: Path
    library: LiteRtLibrary


def build_litert_runner(library: Path | None = None, progress: Progress = SILENT) -> LiteRtRunner:
    """The runner for 64-bit Arm Linux.

    Args:
        library: The user's own libLiteRt.so for it; else as `litert_library` finds it.
        progress: Is told of a download.

    Raises:
        UserError: the library is none.
        ToolchainError: the library cannot be had, or the compiler fails.
    """
    found = litert_library(library, progress)
    return LiteRtRunner(compiled_runner(found.version, _ARM_LINUX), found)


def compiled_runner(version: str, triple: str | None) -> Path:
    """Compile the program; its path holds a hash of all that it is made of, so it is never stale.

    Args:
        version: Of LiteRT, which the program tells.
        triple: What to compile for; None: this machine.

    Raises:
        ToolchainError: the compiler fails.
    """
    toolchain, tree = find_toolchain(), emit_firmware(_PLATFORM, None)
    parts = (*(f"{file.path}\n{file.text}" for file in tree.files), version, toolchain.version)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    folder = cache_folder("litert")
    path = folder / f"run-{digest}-{triple or os.uname().machine}"
    if path.is_file():
        return path
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        sources = Path(scratch)
        tree.write(sources)
        defines = (f'EP_LITERT_VERSION="{version}"',)
        toolchain.link_for_linux(load_platform(_PLATFORM), sources, path.name, triple, defines)
        (sources / path.name).replace(path)
    return path
