"""The host's parser under atheris: the input is what a board answers.

Run as a program with libFuzzer's arguments.  First byte 0: the rest arrives as it is, in pieces.
Otherwise it holds replies, parted by NUL, that get the right checksum for what the host asked, so
that what lies behind the checksum is reached too.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["edgeprune.devices"]):
    from edgeprune.devices import BoardClient
from edgeprune.errors import DeviceError

_MOST_READS = 10_000


class Board:
    """A transport in virtual time that answers from the input."""

    name, baud = "fuzz", 115200

    def __init__(self, content: bytes) -> None:
        self._now = 0.0
        self._checked = content[:1] != b"\0"
        self._raw = content[1:]
        self._replies = content[1:].split(b"\0")
        self._waiting = b""
        self._session = b"00000000"
        self._reads = 0

    def clock(self) -> float:
        return self._now

    def read(self, timeout: float) -> bytes:
        self._reads += 1
        assert self._reads < _MOST_READS, "the host reads for ever"
        if not self._checked and self._raw:
            piece = 1 + self._raw[0] % 64
            content, self._raw = self._raw[:piece], self._raw[piece:]
            return content
        content, self._waiting = self._waiting, b""
        self._now += 0.001 if content else timeout
        return content

    def write(self, content: bytes) -> None:
        if not self._checked:
            return
        command = re.search(rb"(ep [^%]*)%", content)
        if command is None:
            return
        sync = re.fullmatch(rb"ep sync ([0-9A-F]{8})", command[1])
        if sync is not None:
            self._session = sync[1]
            reply = [b"ep-sync-[%b,00000001]" % sync[1]]
        else:
            reply = self._replies.pop(0).split(b"\n") if self._replies else []
        lines = b"".join(line + b"\n" for line in reply)
        crc = zlib.crc32(command[1] + b"\n" + lines + self._session)
        self._waiting += lines.replace(b"\n", b"\r\n") + b"ep-crc32-[%08X]\r\nm-ready\r\n" % crc

    def discard(self) -> None:
        self._waiting = b""


def use_everything(content: bytes) -> None:
    """Only DeviceError may come out, with one sentence."""
    board = Board(content)
    try:
        client = BoardClient(board, clock=board.clock)
    except DeviceError as error:
        assert str(error)
        return
    calls = (
        client.identify, lambda: client.load_input(b"abc"), lambda: client.run(1), client.output, client.memory,
        lambda: client.infer(1, 0), lambda: client.layers(2),
    )  # fmt: skip
    for call in calls:
        assert refuses(call) or board._checked, "figures from bytes that nothing vouches for"


def refuses(call: Callable[[], object]) -> bool:
    """Whether the call ends in the one exception that it may end in."""
    try:
        call()
    except DeviceError as error:
        assert str(error)
        return True
    return False


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    atheris.Setup(sys.argv, use_everything)
    atheris.Fuzz()
