"""The shell service: commands, with or without packets that keep output and errors apart."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from support.adbd.faults import Faults
from support.adbd.wire import Broken, Stream

_STDOUT, _STDERR, _EXIT = 1, 2, 3


class Command:
    """One command line."""

    def __init__(self, stream: Stream, line: str, faults: Faults, packets: bool) -> None:
        """Take a command line.

        Args:
            stream: Where its output goes.
            line: The command, with the phone's paths replaced.
            faults: What goes wrong.
            packets: Whether output comes in packets.
        """
        self._stream = stream
        self._line = line
        self._faults = faults
        self._packets = packets
        self._writing = threading.Lock()

    def run(self, shell: str, folder: Path, environment: Mapping[str, str]) -> None:
        """Run it with a real shell.  As on a phone, it lives on when the connection breaks."""
        child = subprocess.Popen(
            [shell, "-c", self._line],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if self._packets else subprocess.STDOUT,
            env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
        self._faults.silent = self._faults.silent or self._hit(self._faults.silent_run)
        sources = ((_STDOUT, child.stdout), (_STDERR, child.stderr))
        threads = [threading.Thread(target=self._pump, args=pair, daemon=True) for pair in sources if pair[1]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        code = child.wait()
        code = code if code >= 0 else 128 - code
        if self._packets:
            self._packet(_EXIT, bytes([code if self._faults.exit_code is None else self._faults.exit_code]))

    def _hit(self, text: str | None) -> bool:
        return text is not None and text in self._line

    def _pump(self, kind: int, source: IO[bytes]) -> None:
        with source, contextlib.suppress(Broken, OSError):
            if kind == _STDOUT and self._hit(self._faults.truncate_run):
                self._packet(kind, source.read()[:-1])
            elif kind == _STDOUT and self._hit(self._faults.garble_run):
                whole = source.read()
                self._packet(kind, whole[:-1] + bytes([whole[-1] ^ 1]))
            while content := source.read1(65536):  # type: ignore[attr-defined]  # a pipe opened by Popen is buffered
                if self._hit(self._faults.drop_run):
                    self._faults.drop_run = None
                    self._stream.drop()
                self._packet(kind, content)

    def _packet(self, kind: int, content: bytes) -> None:
        with self._writing:
            head = struct.pack("<BI", kind, len(content)) if self._packets else b""
            self._stream.write(head + content)
