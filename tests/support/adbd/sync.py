"""The file transfer service, in its first version."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from pathlib import Path

from support.adbd.faults import Faults
from support.adbd.wire import Stream


class Sync:
    """Serves one stream."""

    def __init__(self, stream: Stream, place: Callable[[str], Path], faults: Faults, count: Callable[[int], None]):
        """Serve a stream.

        Args:
            stream: The stream.
            place: Where a path of the phone really is.
            faults: What goes wrong.
            count: Told of the bytes of file content as they arrive.
        """
        self._stream = stream
        self._place = place
        self._faults = faults
        self._count = count
        self._open = False

    def serve(self) -> None:
        """Answer requests until the client quits."""
        answers = {b"STAT": self._stat, b"LIST": self._list, b"SEND": self._send, b"RECV": self._recv}
        while True:
            request, size = self._header()
            if request == b"QUIT":
                return
            answers[request](self._stream.read(size).decode())

    def _header(self) -> tuple[bytes, int]:
        request, size = struct.unpack("<4sI", self._stream.read(8))
        return request, size

    def _stat(self, text: str) -> None:
        path = self._place(text)
        found = path.stat() if path.exists() else None
        numbers = (found.st_mode, found.st_size, int(found.st_mtime)) if found else (0, 0, 0)
        self._stream.write(struct.pack("<4s3I", b"STAT", *numbers))

    def _list(self, text: str) -> None:
        for path in sorted(self._place(text).iterdir()):
            found, name = path.stat(), path.name.encode()
            head = struct.pack("<4s4I", b"DENT", found.st_mode, found.st_size, int(found.st_mtime), len(name))
            self._stream.write(head + name)
        self._stream.write(struct.pack("<4s4I", b"DONE", 0, 0, 0, 0))

    def _send(self, text: str) -> None:
        name, _, mode = text.rpartition(",")
        self._open = True
        try:
            if self._faults.full_push:
                raise OSError(errno.ENOSPC, "No space left on device")
            with self._place(name).open("wb") as file:
                while self._open:
                    file.write(self._content())
                    file.flush()
            self._place(name).chmod(int(mode) & 0o777)
        except OSError as error:
            # As on a phone, a failure is reported when all of the file has come.
            while self._open:
                self._content()
            self._fail(str(error.strerror).encode())
        else:
            self._stream.write(struct.pack("<4sI", b"OKAY", 0))

    def _content(self) -> bytes:
        """The next part of a file that arrives, which may be empty."""
        request, size = self._header()
        self._open = request == b"DATA"
        content = bytearray(self._stream.read(size)) if self._open else bytearray()
        if content:
            self._arrived(content)
        return bytes(content)

    def _arrived(self, content: bytearray) -> None:
        """Count the bytes, and damage them or break the connection where that is due."""
        self._count(len(content))
        if self._faults.garble_push:
            self._faults.garble_push -= 1
            content[-1] ^= 1
        if self._faults.drop_push_times:
            self._faults.drop_push_after -= len(content)
            if self._faults.drop_push_after <= 0:
                self._faults.drop_push_times -= 1
                self._stream.drop()

    def _recv(self, text: str) -> None:
        path = self._place(text)
        if not path.is_file():
            self._fail(b"No such file or directory")
            return
        content = bytearray(path.read_bytes())
        if self._faults.garble_pull:
            content[len(content) // 2] ^= 1
        for start in range(0, len(content), 65536):
            chunk = bytes(content[start : start + 65536])
            self._stream.write(struct.pack("<4sI", b"DATA", len(chunk)) + chunk)
        self._stream.write(struct.pack("<4sI", b"DONE", 0))

    def _fail(self, reason: bytes) -> None:
        self._stream.write(struct.pack("<4sI", b"FAIL", len(reason)) + reason)
