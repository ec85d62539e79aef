"""Messages and streams of the adb protocol, seen from the device."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable
from queue import Queue

from support.adbd.faults import Faults

_CNXN, _AUTH, _OPEN, _OKAY, _CLSE, _WRTE = (
    int.from_bytes(word, "little") for word in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"CLSE", b"WRTE")
)
_HEADER = struct.Struct("<6I")
_VERSION, _MAX_DATA = 0x01000001, 256 * 1024


class Broken(Exception):
    """The connection is gone, or the stream closed."""


class Connection:
    """One connection of an adb server."""

    def __init__(
        self, line: socket.socket, faults: Faults, banner: bytes, serve: Callable[[Stream, str], None]
    ) -> None:
        """Take a connection.

        Args:
            line: The connection.
            faults: What goes wrong.
            banner: How the device greets.
            serve: Does what a stream was opened for.
        """
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = line
        self._faults = faults
        self._banner = banner
        self._serve = serve
        self._sending = threading.Lock()
        self._numbers = itertools.count(1)
        self._streams: dict[int, Stream] = {}

    def answer(self) -> None:
        """Answer until the connection breaks."""
        with contextlib.suppress(OSError, Broken):
            while True:
                command, arg0, arg1, size, _, _ = _HEADER.unpack(self._receive(_HEADER.size))
                content = self._receive(size)
                if not self._faults.silent:
                    self._take(command, arg0, arg1, content)
        self.drop()

    def drop(self) -> None:
        """Break the connection."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        for stream in list(self._streams.values()):
            stream.end()

    def send(self, command: int, arg0: int, arg1: int, content: bytes = b"") -> None:
        """Send a message, unless the phone is silent."""
        if not self._faults.silent:
            header = _HEADER.pack(command, arg0, arg1, len(content), sum(content), command ^ 0xFFFFFFFF)
            with self._sending:
                self._line.sendall(header + content)

    def _receive(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            more = self._line.recv(size - len(content))
            if not more:
                raise Broken
            content += more
        return bytes(content)

    def _take(self, command: int, arg0: int, arg1: int, content: bytes) -> None:
        if command in (_CNXN, _AUTH):
            if self._faults.unauthorised:
                self.send(_AUTH, 1, 0, bytes(20))
            elif not self._faults.offline:
                self.send(_CNXN, _VERSION, _MAX_DATA, self._banner)
        elif command == _OPEN:
            stream = Stream(self, next(self._numbers), arg0)
            self._streams[stream.local] = stream
            service = content.rstrip(b"\0").decode()
            threading.Thread(target=self._run, args=(stream, service), daemon=True).start()
        elif arg1 in self._streams:
            self._streams[arg1].arrived(command, content)

    def _run(self, stream: Stream, service: str) -> None:
        with contextlib.suppress(OSError):
            self.send(_OKAY, stream.local, stream.remote)
            with contextlib.suppress(Broken):
                self._serve(stream, service)
            self.send(_CLSE, stream.local, stream.remote)
        self._streams.pop(stream.local, None)


class Stream:
    """One service that the client opened.

    Attributes:
        local: The device's number for it.
        remote: The client's.
    """

    def __init__(self, connection: Connection, local: int, remote: int) -> None:
        self.local = local
        self.remote = remote
        self._connection = connection
        self._incoming: Queue[bytes | None] = Queue()
        self._rest = b""
        self._ready = threading.Semaphore(0)
        self._ended = False

    def arrived(self, command: int, content: bytes) -> None:
        """Take a message for this stream."""
        if command == _WRTE:
            self._incoming.put(content)
            self._connection.send(_OKAY, self.local, self.remote)
        elif command == _OKAY:
            self._ready.release()
        elif command == _CLSE:
            self.end()

    def end(self) -> None:
        """No more will arrive and nothing can be sent."""
        self._ended = True
        self._incoming.put(None)
        self._ready.release()

    def drop(self) -> None:
        """Break the whole connection."""
        self._connection.drop()
        raise Broken

    def read(self, size: int) -> bytes:
        """Exactly that many bytes."""
        while len(self._rest) < size:
            more = self._incoming.get()
            if more is None:
                self._incoming.put(None)
                raise Broken
            self._rest += more
        content, self._rest = self._rest[:size], self._rest[size:]
        return content

    def write(self, content: bytes) -> None:
        """Send bytes; each message waits until the client took it."""
        for start in range(0, len(content), _MAX_DATA):
            if self._ended:
                raise Broken
            self._connection.send(_WRTE, self.local, self.remote, content[start : start + _MAX_DATA])
            self._ready.acquire()
