"""`emulator`: an emulated board in a process of its own, behind a pseudo-terminal.

It is spoken to by the code that speaks to a real board, so the whole way is exercised
without hardware.
"""

from __future__ import annotations

import contextlib
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from edgeprune.devices.child import end_child
from edgeprune.devices.serial_line import SerialLine, open_port
from edgeprune.errors import DeviceError, UserError
from edgeprune.targets import McuTarget

SCHEME = "emulator"
STARTS_FIRMWARE = True

#: The first start on a machine compiles the cycle counter.
_START_SECONDS = 150.0


def open_line(argument: str, elf: Path, target: McuTarget) -> AbstractContextManager[SerialLine]:
    """Start a board with the firmware `elf`; it is gone when the `with` block ends, however it ends.

    Raises:
        UserError: there is something behind `emulator`, or the target cannot be emulated.
        DeviceError: on entry, when the board does not start.
    """
    if argument:
        raise UserError(f"--via emulator takes nothing behind it, not {argument!r}")
    if not target.emulated:
        raise UserError(f"the target {target.name} cannot be emulated; reach the board with --via serial:PORT")
    return _emulated(elf, target)


@contextlib.contextmanager
def _emulated(elf: Path, target: McuTarget) -> Iterator[SerialLine]:
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as scratch:
        profile = Path(scratch) / "target.json"
        profile.write_text(target.model_dump_json(), encoding="utf-8")
        complaints = Path(scratch) / "stderr"
        with _child(elf, profile, complaints) as child, open_port(_path(child, complaints), target.uart.baud) as line:
            yield line


@contextlib.contextmanager
def _child(elf: Path, profile: Path, complaints: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = (
        sys.executable, "-m", "edgeprune.emulate", str(elf), "--target", str(profile), "--stop-with-stdin",
    )  # fmt: skip
    with complaints.open("wb") as stderr:
        # A session of its own: Ctrl-C reaches us, and we end the child.  If we are killed, its
        # standard input closes and it ends itself.
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
        )
    try:
        yield child
    finally:
        end_child(child)


def _path(child: subprocess.Popen[bytes], complaints: Path) -> str:
    """The first line that the child prints."""
    assert child.stdout is not None
    line = b""
    deadline = time.monotonic() + _START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise DeviceError(f"the emulated board did not start within {_START_SECONDS:.0f} s; try again")
            more = child.stdout.read1(4096)  # type: ignore[attr-defined]  # a pipe opened by Popen is buffered
            if not more:
                said = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise DeviceError(said[-1] if said else "the emulated board ended at once; run `edgeprune doctor`")
            line += more
    return line.decode().strip()
