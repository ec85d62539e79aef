"""Seeded damage to a real dialogue."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from edgeprune.errors import DeviceError
from emulate.virtual import VirtualBoard

TO_BOARD, FROM_BOARD = "to board", "from board"


@dataclass(frozen=True)
class Fault:
    """What happens to the bytes of one direction.

    Attributes:
        kind: One of `KINDS`.
        direction: `TO_BOARD` or `FROM_BOARD`.
        at: Bytes that pass undamaged before it.
        size: Bytes concerned.
        seconds: How long a `delay` holds what follows.
        seed: Of the bytes that are made up.
    """

    kind: str
    direction: str
    at: int
    size: int
    seconds: float
    seed: int


class DamagedLine:
    """A `Transport` to a virtual board that the faults befall."""

    def __init__(self, board: VirtualBoard, *faults: Fault) -> None:
        self._board = board
        self.name, self.baud = board.name, board.baud
        self.clock = board.clock
        self._ends = {
            TO_BOARD: _Direction(board, [f for f in faults if f.direction == TO_BOARD]),
            FROM_BOARD: _Direction(board, [f for f in faults if f.direction == FROM_BOARD]),
        }

    def read(self, timeout: float) -> bytes:
        end = self.clock() + timeout
        sending, receiving = self._ends[TO_BOARD], self._ends[FROM_BOARD]
        while True:
            self._board.write(sending.due())
            # To the moment at which something that is held arrives, at most.
            until = min(end, sending.next_due(), receiving.next_due())
            receiving.take(self._board.read(max(0.0, until - self.clock())))
            content = receiving.due()
            if content or self.clock() >= end - 1e-6:
                return content

    def write(self, content: bytes) -> None:
        self._ends[TO_BOARD].take(content)
        self._board.write(self._ends[TO_BOARD].due())

    def discard(self) -> None:
        self._board.discard()
        self._ends[FROM_BOARD].due()


class _Direction:
    """Bytes on their way."""

    def __init__(self, board: VirtualBoard, faults: list[Fault]) -> None:
        self._board = board
        self._waiting = sorted(faults, key=lambda fault: fault.at)
        self._passed = 0
        self._held = bytearray()
        self._due_at = 0.0
        self._always: Callable[[bytes], bytes] = bytes

    def take(self, content: bytes) -> None:
        content = self._always(content)
        while self._waiting and self._waiting[0].at < self._passed + len(content):
            fault = self._waiting.pop(0)
            before = max(0, fault.at - self._passed)
            self._held += content[:before]
            self._passed += before
            content = self._befall(fault, content[before:])
        self._held += content
        self._passed += len(content)

    def due(self) -> bytes:
        if self._board.clock() < self._due_at:
            return b""
        content = bytes(self._held)
        self._held.clear()
        return content

    def next_due(self) -> float:
        waits = self._held and self._board.clock() < self._due_at
        return self._due_at + 1e-6 if waits else float("inf")

    def _befall(self, fault: Fault, content: bytes) -> bytes:
        """What the rest of the content becomes."""
        made_up = random.Random(fault.seed)
        hit, rest = content[: fault.size], content[fault.size :]
        if fault.kind in _CHANGES:
            return _CHANGES[fault.kind](hit, made_up) + rest
        if fault.kind == "garbage":
            return made_up.randbytes(20 * fault.size) + content
        if fault.kind == "delay":
            self._due_at = self._board.clock() + fault.seconds
        elif fault.kind == "reset":
            self._board.power_on()
            return b""
        elif fault.kind == "hang":
            self._board.hung = True
            return b""
        elif fault.kind == "noise":
            self._always = lambda more: _noisy(more, made_up, 50 * fault.size)
            return self._always(content)
        elif fault.kind == "bit rate":
            self._always = lambda more: made_up.randbytes(len(more) * 2 // 3)
            return self._always(content)
        elif fault.kind == "disconnect":
            raise DeviceError(f"the line {self._board.name} broke; plug the board in again and repeat")
        return content


def _noisy(content: bytes, made_up: random.Random, mean: int) -> bytes:
    """A bit flips in one of `mean` bytes."""
    return bytes(byte ^ (1 << made_up.randrange(8) if made_up.randrange(mean) == 0 else 0) for byte in content)


_CHANGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "drop": lambda _hit, _made_up: b"",
    "flip": lambda hit, made_up: bytes(byte ^ 1 << made_up.randrange(8) for byte in hit),
    "duplicate": lambda hit, _made_up: hit + hit,
    "insert": lambda hit, made_up: made_up.randbytes(len(hit)) + hit,
    "digit": lambda hit, made_up: bytes(made_up.choice(b"0123456789,") for _ in hit),
}
KINDS = (*_CHANGES, "garbage", "delay", "reset", "hang", "noise", "bit rate", "disconnect")


def random_fault(made_up: random.Random, kind: str, lengths: dict[str, int]) -> Fault:
    """A fault somewhere in a dialogue with so many bytes in each direction."""
    direction = made_up.choice((TO_BOARD, FROM_BOARD))
    at = 0 if kind == "bit rate" else made_up.randrange(lengths[direction])
    return Fault(kind, direction, at, made_up.randint(1, 4), made_up.uniform(0.05, 8.0), made_up.getrandbits(32))
