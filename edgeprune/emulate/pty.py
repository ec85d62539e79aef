"""A pseudo-terminal as the serial line of an emulated board."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from edgeprune.emulate.boards import Board, load_board
from edgeprune.emulate.core import CpuFaultError
from edgeprune.targets import McuTarget

_CHUNK = 4096
#: How often a line that nobody has open looks whether somebody opened it.
_LOOK_SECONDS = 0.02
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class PtyLine:
    """The line; clients may open and close it as often as they like.

    As on a wire, what the board sends while nobody has the line open is lost.

    Attributes:
        path: What clients open.
    """

    def __init__(self, ready: Callable[[str], None]) -> None:
        """Open a pseudo-terminal; `ready` gets its path when the board first waits for input."""
        self._ready: Callable[[str], None] | None = ready
        self._master, slave = os.openpty()
        try:
            tty.setraw(slave)
            self.path = os.ttyname(slave)
        finally:
            # Without a hold of our own on it, the master sees when the last client leaves.
            os.close(slave)
        os.set_blocking(self._master, False)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._closing = False

    def read(self, seconds: float) -> bytes | None:
        """Bytes that came within `seconds` from whoever has the line open; None once it is to be closed."""
        if self._ready is not None:
            # Not before the board has greeted: a client that opens the line would take the
            # greeting for the reply to its first command.
            ready, self._ready = self._ready, None
            ready(self.path)
        if self._has_client():
            select.select([self._master, self._wake_read], [], [], seconds)
            content = self._read_now()
        else:
            select.select([self._wake_read], [], [], seconds)
            content = b""
        return None if self._closing else content

    def write(self, content: bytes) -> None:
        """Send to the client, as slowly as it reads; into the void where there is none."""
        while content and not self._closing and self._has_client():
            content = content[self._write_now(content) :]
            if content:
                select.select([self._wake_read], [self._master], [], _LOOK_SECONDS)

    def stop(self) -> None:
        """End `read` and `write`; may be called from a signal handler or another thread."""
        self._closing = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")

    def close(self) -> None:
        """Give the pseudo-terminal back; clients see the line hang up."""
        for descriptor in (self._master, self._wake_read, self._wake_write):
            os.close(descriptor)

    def _read_now(self) -> bytes:
        try:
            return os.read(self._master, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: nobody has the line open
                raise
            return b""

    def _write_now(self, content: bytes) -> int:
        """Bytes that the line took; all where they are lost anyway."""
        try:
            return os.write(self._master, content)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(content)

    def _has_client(self) -> bool:
        poller = select.poll()
        poller.register(self._master, 0)
        return not any(events & select.POLLHUP for _, events in poller.poll(0))


def serve(
    firmware_elf: Path, target: McuTarget, announce: Callable[[str], None], *, stop_with_stdin: bool = False
) -> None:
    """Run an emulated board whose UART is a pseudo-terminal, until SIGTERM, SIGINT or SIGHUP.

    Args:
        firmware_elf: Firmware for `target`.
        target: The board.
        announce: Called once with the path of the pseudo-terminal, when the board can answer.
        stop_with_stdin: Also stop when standard input is closed, so that the board does
            not outlive a parent that was killed.  Not the default: a service or a shell's
            background job has none from the start.

    Raises:
        UserError: the file is no firmware.
        DeviceError: it is not for this target; or, at the end, the firmware failed while it ran.
    """
    line = PtyLine(announce)
    try:
        board = load_board(firmware_elf, target, line)

        def stop() -> None:
            line.stop()
            board.core.request_stop()

        with _stopped_by_signals(stop):
            if stop_with_stdin:
                threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
            _run(board, line)
    finally:
        line.close()


def _run(board: Board, line: PtyLine) -> None:
    try:
        board.run()
    except CpuFaultError:
        # A halted board stays on its line, silent; its last words must not be lost with the line.
        while line.read(_LOOK_SECONDS) is not None:
            pass
        raise


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on a signal; only the main thread can, others are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_at_end_of_stdin(stop: Callable[[], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), _CHUNK):
            pass
    stop()
