"""The firmware without a board: what can be compiled for this machine around a harness."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeprune.resources import firmware_templates_folder
from emulate.firmware import TINY

# What does not need a Cortex-M.
_PORTABLE = (
    "platform.h", "small.h", "protocol.h", "protocol.c", "commands.h", "extension.c", "inference.h", "inference.c",
    "text.h", "text.c", "crc32.h", "crc32.c",
)  # fmt: skip


def copy_portable(folder: Path, harness: Path) -> list[str]:
    """Put the portable firmware, the tiny model and the harness's files into `folder`; names of all C files."""
    common = firmware_templates_folder() / "common"
    figures = Path(__file__).parent / "host_figures"
    for path in [*(common / name for name in _PORTABLE), *TINY.iterdir(), *figures.iterdir(), *harness.iterdir()]:
        shutil.copy(path, folder)
    return sorted(path.name for path in folder.glob("*.c"))
