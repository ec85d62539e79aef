"""Talks to a real emulated board inside the test's own process."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeprune.emulate.boards import Board, load_board
from emulate.firmware import mcu_target

_SECONDS = 20.0


class Dialogue:
    """The line of a board that runs in a thread; `ask` returns when the board waits again."""

    def __init__(self) -> None:
        self._to_board: queue.Queue[bytes | None] = queue.Queue()
        self._from_board: list[bytes] = []
        self._waiting = threading.Semaphore(0)
        self._idle = False

    def read(self, seconds: float) -> bytes | None:
        if self._idle:
            with contextlib.suppress(queue.Empty):
                return self._next(seconds)
            return b""
        self._idle = True
        self._waiting.release()
        return b""

    def _next(self, seconds: float) -> bytes | None:
        content = self._to_board.get(timeout=seconds)
        self._idle = False
        return content

    def write(self, content: bytes) -> None:
        self._from_board.append(content)

    def take(self) -> str:
        """What the board sent until it waits for input."""
        assert self._waiting.acquire(timeout=_SECONDS), "the board does not wait for input"
        said = b"".join(self._from_board).decode("ascii")
        self._from_board.clear()
        return said

    def ask(self, content: bytes) -> str:
        self._to_board.put(content)
        return self.take()

    def close(self) -> None:
        self._to_board.put(None)


@contextmanager
def talk_to(elf: Path) -> Iterator[tuple[Dialogue, Board]]:
    line = Dialogue()
    board = load_board(elf, mcu_target(), line)
    thread = threading.Thread(target=board.run, daemon=True)
    thread.start()
    try:
        yield line, board
    finally:
        line.close()
        thread.join(_SECONDS)
        assert not thread.is_alive()
