"""The user's own adb client, and what it says about phones.

Each call has a time-out.  What adb prints about a call that failed differs from version to
version and tells little, so its list of phones decides what is wrong.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgeprune.devices.machine import Completed
from edgeprune.devices.process import Overdue, call
from edgeprune.devices.remote.line import Silent
from edgeprune.errors import DeviceError, ToolchainError

#: The first call on a computer starts adb's server.
LIST_SECONDS = 10.0

_ADVICE = {
    "unauthorized": "does not trust this computer; unlock it, allow USB debugging in the question it shows, and repeat",
    "offline": "is offline; plug it in again or restart its USB debugging, and repeat",
    "no permissions": "may not be used by you; install the package android-sdk-platform-tools-common (udev rules) and "
    "plug it in again",
    "connecting": "is still connecting; wait a moment and repeat",
}
_ADVICE["authorizing"] = _ADVICE["unauthorized"]


@dataclass(frozen=True)
class Phone:
    """A row of `adb devices -l`.

    Attributes:
        serial: What `adb -s` takes.
        state: `device` when it can be used.
        model: What adb knows of the model; may be empty.
    """

    serial: str
    state: str
    model: str

    @property
    def ready(self) -> bool:
        """Whether it can be used."""
        return self.state == "device"

    @property
    def trouble(self) -> str:
        """What is wrong and what to do, as the rest of a sentence about the phone."""
        return _ADVICE.get(self.state, f"is in its {self.state} mode; start Android on it and repeat")


class Adb:
    """The adb client."""

    def __init__(self) -> None:
        """Find it.

        Raises:
            ToolchainError: there is none.
        """
        found = find_adb()
        if found is None:
            raise ToolchainError(
                "there is no adb on the PATH or in ANDROID_HOME/platform-tools; install it (Debian and Ubuntu: apt-get "
                "install adb; macOS: brew install android-platform-tools) and repeat"
            )
        self._path = found

    def call(self, command: str, *arguments: str, seconds: float, serial: str = "") -> Completed:
        """Run a command of adb, for a phone or for none.

        Raises:
            Silent: it did not end in time.
            ToolchainError: adb cannot be run.
        """
        whom = ("-s", serial) if serial else ()
        try:
            return call((self._path, *whom, command, *arguments), seconds)
        except Overdue:
            source = f" from {serial}" if serial else ""
            raise Silent(
                f"adb {command} got no answer{source} within {seconds:.3g} s; plug the phone in again and repeat"
            ) from None
        except OSError as error:
            raise ToolchainError(f"cannot run {self._path}: {error.strerror}; install adb again") from None

    def version(self) -> str:
        """What it says of itself.

        Raises:
            ToolchainError: adb cannot be run.
        """
        done = self.call("version", seconds=LIST_SECONDS)
        lines = done.out.decode(errors="replace").splitlines()
        if done.code != 0 or not lines:
            raise ToolchainError(f"{self._path} does not tell its version; install adb again")
        return f"{lines[0]} ({self._path})"

    def phones(self, seconds: float = LIST_SECONDS) -> tuple[Phone, ...]:
        """The phones that adb knows, by serial.

        Raises:
            Silent: adb did not answer in time.
            DeviceError: its server does not start.
        """
        done = self.call("devices", "-l", seconds=seconds)
        head, _, rows = done.out.decode(errors="replace").partition("List of devices attached")
        if done.code != 0:
            said = (done.err.decode(errors="replace").strip() or head.strip() or "it says nothing").splitlines()[-1]
            raise DeviceError(f"adb cannot list phones ({said}); end its server with `adb kill-server` and repeat")
        phones = [_phone(row) for row in rows.splitlines() if row.strip() and not row.startswith("*")]
        return tuple(sorted(phones, key=lambda phone: phone.serial))


def find_adb() -> str | None:
    """The path of the adb client."""
    # The one that the user's own commands start comes first: two versions end each other's server.
    if on_path := shutil.which("adb"):
        return on_path
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        if os.environ.get(variable):
            path = Path(os.environ[variable]) / "platform-tools" / "adb"
            if os.access(path, os.X_OK):
                return str(path)
    return None


def _phone(row: str) -> Phone:
    """A row such as `R58N30  device usb:1-1 product:x model:SM_G970F device:y transport_id:1`."""
    serial, _, rest = row.strip().partition(" ") if " " in row.strip() else row.strip().partition("\t")
    rest = rest.strip()
    state = "no permissions" if rest.startswith("no permissions") else rest.partition(" ")[0] or "unknown"
    model = re.search(r"(?:^| )model:(\S+)", rest)
    return Phone(serial, state, model[1].replace("_", " ") if model else "")
