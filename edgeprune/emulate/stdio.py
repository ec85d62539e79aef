"""This process's standard input and output as the serial line of an emulated board."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from edgeprune.emulate.board import load_board
from edgeprune.targets import McuTarget

_CHUNK = 4096


class StandardLine:
    """Bytes from standard input go to the board, the board's to standard output."""

    def read(self) -> bytes:
        """Wait for input; none at its end."""
        return os.read(sys.stdin.fileno(), _CHUNK)

    def write(self, content: bytes) -> None:
        """Send to standard output at once."""
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def serve_here(firmware_elf: Path, target: McuTarget) -> None:
    """Run an emulated board until standard input ends or Ctrl-C is pressed; raises as `serve` does."""
    with contextlib.suppress(KeyboardInterrupt):
        load_board(firmware_elf, target, StandardLine()).run()
