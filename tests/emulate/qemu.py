"""Boards in qemu-system-arm, talked to over their first serial line; nothing here waits for ever."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_QEMU = "qemu-system-arm"
_SECONDS = 30.0

needs_qemu = pytest.mark.skipif(shutil.which(_QEMU) is None, reason=f"{_QEMU} is not installed")


class QemuBoard:
    """The line of a running board."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to_board, self._from_board = process.stdin, process.stdout

    def ask(self, content: bytes) -> list[str]:
        self._to_board.write(content)
        self._to_board.flush()
        return self.take()

    def take(self) -> list[str]:
        """Lines up to the next m-ready; fails after a time without one."""
        said, end = b"", time.monotonic() + _SECONDS
        while not said.endswith(b"m-ready\r\n"):
            left = end - time.monotonic()
            assert left > 0, f"no m-ready within {_SECONDS:g} s, only {said!r}"
            if select.select([self._from_board], [], [], left)[0]:
                content = os.read(self._from_board.fileno(), 1)
                assert content, f"QEMU ended after {said!r}"
                said += content
        return said.decode("ascii").replace("\r\n", "\n").splitlines()


@contextmanager
def qemu_board(machine: str, elf: Path) -> Iterator[QemuBoard]:
    command = (_QEMU, "-M", machine, "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel", str(elf))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield QemuBoard(process)
        finally:
            process.kill()
