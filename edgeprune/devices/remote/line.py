"""What a line to a machine must do, and how the end of a script's output is known.

The tools that carry the output cannot be trusted with that: when a phone is unplugged,
adb's shell ends with exit code 0 and whatever had arrived.  So each script ends with a
line that only its end can print.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

from edgeprune.devices.machine import Completed
from edgeprune.errors import DeviceError


class Broken(DeviceError):
    """The line broke; what was asked may or may not have happened."""


class Silent(DeviceError):
    """No answer came in time."""


class Full(DeviceError):
    """The machine has no space left."""


class Line(Protocol):
    """A line to a machine."""

    @property
    def name(self) -> str:
        """What messages call the machine."""

    @property
    def base(self) -> str:
        """The folder on the machine that takes ours."""

    def shell(self, script: str, seconds: float) -> Completed:
        """Run a script in the machine's shell.

        Raises:
            Broken: the line broke before the end.
            Silent: the end did not come in time.
        """

    def send(self, content: bytes, path: str, seconds: float) -> None:
        """Write a file on the machine.

        Raises:
            Broken: the line broke.
            Silent: it did not end in time.
            Full: the machine has no space left.
            DeviceError: the machine does not allow it.
        """

    def fetch(self, path: str, local: Path, seconds: float) -> None:
        """Read a file of the machine, damaged perhaps.

        Raises:
            Broken: the line broke.
            Silent: it did not end in time.
        """

    def wait(self, seconds: float) -> None:
        """Return once the line is there again.

        Raises:
            DeviceError: it does not come back in that time; says what to do.
        """


class Frame:
    """A script whose output has a known end and carries its exit code."""

    def __init__(self, script: str, errors: str = "") -> None:
        """Frame a script.

        Args:
            script: For a POSIX shell.
            errors: A file for the script's standard error, which then comes behind its
                output; empty where the line carries the two apart.
        """
        self._mark = secrets.token_hex(16)
        body = f"export LC_ALL=C\n(\n{script}\n)"
        if not errors:
            self.text = f"{body}\nc=$?\n{self._end('$c')}\nexit $c"
        else:
            # The file has no name any more when the script starts, so that it cannot be left behind.
            opened = f"exec 3>{errors} 4<{errors}\nrm -f {errors}"
            self.text = f"{opened}\n{body} 2>&3 3>&- 4<&-\nc=$?\n{self._end('0')}\ncat <&4\n{self._end('$c')}\nexit $c"

    def _end(self, code: str) -> str:
        # Not printf, which the oldest phones lack.
        return f"echo; echo {self._mark} {code}"

    def open(self, carried: Completed) -> Completed | None:
        """The script's own output and exit code; None where the end is missing."""
        parts = carried.out.split(f"\n{self._mark} ".encode())
        last = parts[-1]
        if len(parts) == 1 or not last.endswith(b"\n") or not last.strip().isdigit():
            return None
        errors = carried.err if len(parts) == 2 else parts[1].partition(b"\n")[2]
        return Completed(int(last), parts[0], errors)
