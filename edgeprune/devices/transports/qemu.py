"""`qemu`: the board as qemu-system-arm plays it, with a clock that counts instructions.

QEMU knows the instruction set and the peripherals but no pipeline: `-icount shift=0` lets
its clock move on by one nanosecond an instruction, so that what firmware takes for time is a
count of instructions, the same in every run.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from edgeprune.devices.child import end_child
from edgeprune.errors import DeviceError, ToolchainError, UserError
from edgeprune.targets import McuTarget

SCHEME = "qemu"
STARTS_FIRMWARE = True
PROGRAM = "qemu-system-arm"
#: Virtual nanoseconds for each instruction: 2 ** 0, by -icount shift=0.
NANOSECONDS_PER_INSTRUCTION = 1
_WRITE_SECONDS = 5.0
_CHUNK = 4096


class SocketLine:
    """One end of a pair of sockets as a line; see `Transport`."""

    def __init__(self, end: socket.socket, baud: int) -> None:
        self._end = end
        self.name = "QEMU"
        self.baud = baud

    def read(self, timeout: float) -> bytes:
        """What has arrived; waits up to `timeout` seconds for the first byte."""
        self._end.settimeout(max(timeout, 1e-6))
        try:
            content = self._end.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise self._broken(str(error)) from None
        if not content:
            raise self._broken("QEMU ended")
        return content

    def write(self, content: bytes) -> None:
        """Send bytes."""
        self._end.settimeout(_WRITE_SECONDS)
        try:
            self._end.sendall(content)
        except OSError as error:
            raise self._broken(str(error)) from None

    def discard(self) -> None:
        """Forget what has arrived."""
        self._end.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._end.recv(_CHUNK):
                pass

    def _broken(self, reason: str) -> DeviceError:
        return DeviceError(f"the line to {self.name} broke ({reason}); repeat the command")


def open_line(argument: str, elf: Path, target: McuTarget) -> AbstractContextManager[SocketLine]:
    """Start QEMU with the firmware `elf`; it is gone when the `with` block ends, however it ends.

    Raises:
        UserError: there is something behind `qemu`, or QEMU has no such board.
        ToolchainError: QEMU is not installed.
        DeviceError: on entry, when it ends at once.
    """
    if argument:
        raise UserError(f"--via qemu takes nothing behind it, not {argument!r}")
    if target.qemu is None:
        raise UserError(f"QEMU has no board like {target.name}; targets that it has say so in `edgeprune targets`")
    if available() is None:
        raise ToolchainError(f"{PROGRAM} is not on the PATH; install it (Debian: apt install qemu-system-arm)")
    return _running(elf, target, target.qemu.machine)


def available() -> str | None:
    """Path of QEMU on this machine; None without it."""
    return shutil.which(PROGRAM)


@contextlib.contextmanager
def _running(elf: Path, target: McuTarget, machine: str) -> Iterator[SocketLine]:
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as complaints:
        with theirs:
            command = (
                PROGRAM, "-M", machine, "-nodefaults", "-display", "none", "-monitor", "none",
                "-icount", "shift=0,align=off,sleep=off", "-kernel", str(elf),
                "-chardev", f"socket,id=line,fd={theirs.fileno()}", "-serial", "chardev:line",
            )  # fmt: skip
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints,
                pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip
        try:
            yield SocketLine(ours, target.uart.baud)
        except DeviceError:
            if child.poll() is not None:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace").strip().splitlines()
                raise DeviceError(f"{PROGRAM} ended: {said[-1] if said else f'exit code {child.returncode}'}") from None
            raise
        finally:
            end_child(child)
