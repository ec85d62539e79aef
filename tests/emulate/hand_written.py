"""Assembles the hand-written program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = """ENTRY(Reset_Handler)
SECTIONS {
    .text 0x08000000 : { KEEP(*(.vectors)) *(.text .text.*) }
}
"""


def assemble(folder: Path) -> Path:
    """Make `folder`/hand_written.elf and return it."""
    (folder / "link.ld").write_text(_SCRIPT, encoding="ascii")
    source = Path(__file__).with_name("hand_written.S")
    command = (
        sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp",
        "-nostdlib", str(source), "-Wl,-T,link.ld", "-o", "hand_written.elf",
    )  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return folder / "hand_written.elf"
