"""A program on this computer, run within a time-out that holds whatever the program does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgeprune.devices.machine import Completed


class Overdue(Exception):
    """The program did not end in time and was ended by force."""


def call(
    command: Sequence[str], seconds: float, *, stdin: bytes = b"", folder: Path | None = None, whole_group: bool = False
) -> Completed:
    """Run a program to its end.

    Args:
        command: The program and its arguments.
        seconds: Time after which it is ended by force.
        stdin: What it reads.
        folder: Where it runs; None is the current folder.
        whole_group: End what it started, too, when it ends or is ended. Not for clients
            that start a server for all.

    Raises:
        Overdue: it did not end in time.
        OSError: it cannot be started.
    """
    # Files and not pipes: a server that the program leaves behind may hold its output open.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        # A session of its own: Ctrl-C reaches us, and we end it when we are done with it.
        child = subprocess.Popen(command, stdin=source, stdout=out, stderr=err, cwd=folder, start_new_session=True)
        try:
            # `wait` with a time-out looks every 50 ms only.
            with _alarm(seconds, child.kill) as overdue:
                code = child.wait()
        finally:
            _end(child, whole_group)
        if overdue.is_set():
            raise Overdue
        out.seek(0)
        err.seek(0)
        return Completed(code if code >= 0 else 128 - code, out.read(), err.read())


@contextlib.contextmanager
def _alarm(seconds: float, action: Callable[[], None]) -> Iterator[threading.Event]:
    """Do something after that time, unless the block has ended by then; the event tells whether it was done."""
    rung = threading.Event()

    def ring() -> None:
        rung.set()
        action()

    timer = threading.Timer(seconds, ring)
    timer.start()
    try:
        yield rung
    finally:
        timer.cancel()


def _end(child: subprocess.Popen[bytes], whole_group: bool) -> None:
    if whole_group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    if child.poll() is None:
        child.kill()
        child.wait()
