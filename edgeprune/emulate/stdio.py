"""This process's standard input and output as the serial line of an emulated board."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from pathlib import Path

from edgeprune.emulate.boards import load_board
from edgeprune.targets import McuTarget

_CHUNK = 4096


class StandardLine:
    """Bytes from standard input go to the board, the board's to standard output."""

    def read(self, seconds: float) -> bytes | None:
        """Input that came within `seconds`; None at its end."""
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return b""
        return os.read(sys.stdin.fileno(), _CHUNK) or None

    def write(self, content: bytes) -> None:
        """Send to standard output at once."""
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def serve_here(firmware_elf: Path, target: McuTarget) -> None:
    """Run an emulated board until standard input ends or Ctrl-C is pressed; raises as `serve` does."""
    with contextlib.suppress(KeyboardInterrupt):
        load_board(firmware_elf, target, StandardLine()).run()
