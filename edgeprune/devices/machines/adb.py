"""`adb:SERIAL`: a phone with Android, through the user's adb client."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edgeprune.devices.adb import LIST_SECONDS, Adb, Phone
from edgeprune.devices.machine import Completed, Machine
from edgeprune.devices.remote.line import Broken, Frame, Full
from edgeprune.devices.remote.machine import opened
from edgeprune.errors import DeviceError

SCHEME = "adb"

#: The one folder that adb may write to and programs may be run in.
_BASE = "/data/local/tmp"
_FEATURES_SECONDS = 5.0
_POLL_SECONDS = 0.1
_HOST_AND_PORT = re.compile(r"[^/\s]+:\d+")


@contextlib.contextmanager
def open_machine(serial: str) -> Iterator[Machine]:
    """Open a phone.

    Args:
        serial: As adb knows it, or `HOST:PORT` of one to connect to; empty for the only one.

    Raises:
        ToolchainError: there is no adb.
        DeviceError: there is no such phone, or it cannot be used.
    """
    adb = Adb()
    with opened(AdbLine(adb, _choose(adb, serial or os.environ.get("ANDROID_SERIAL", "")).serial)) as machine:
        yield machine


class AdbLine:
    """See `Line`."""

    base = _BASE

    def __init__(self, adb: Adb, serial: str) -> None:
        self._adb = adb
        self._serial = serial
        features = adb.call("features", serial=serial, seconds=_FEATURES_SECONDS)
        #: Whether adb keeps a command's output, errors and exit code apart (from Android 7 on).
        self._packets = b"shell_v2" in features.out.split()

    @property
    def name(self) -> str:
        """See `Line.name`."""
        return f"{SCHEME}:{self._serial}"

    def shell(self, script: str, seconds: float) -> Completed:
        """See `Line.shell`."""
        errors = "" if self._packets else f"{_BASE}/edgeprune-{secrets.token_hex(4)}"
        frame = Frame(script, errors)
        # `exec-out` and not `shell` on an old phone, whose shell is a terminal that changes bytes.
        how = ("shell", "-T") if self._packets else ("exec-out",)
        carried = self._adb.call(*how, frame.text, serial=self._serial, seconds=seconds)
        done = frame.open(carried)
        if done is None:
            raise Broken(f"the answer of {self.name} broke off; check the cable and repeat")
        if self._packets and carried.code != done.code:
            raise DeviceError(
                f"adb reports exit code {carried.code} and the phone's shell {done.code} for one command; restart adb "
                "(adb kill-server) and repeat"
            )
        return done

    def send(self, content: bytes, path: str, seconds: float) -> None:
        """See `Line.send`."""
        with tempfile.NamedTemporaryFile(prefix="edgeprune-") as file:
            file.write(content)
            file.flush()
            done = self._adb.call("push", file.name, path, serial=self._serial, seconds=seconds)
        if done.code == 0:
            return
        said = (done.err + done.out).decode(errors="replace")
        if "No space left on device" in said:
            raise Full(said)
        # What the phone itself says comes behind this word.
        refused = re.search(r": remote (.+)", said)
        # The folder of the parts goes when another command has put this very file together meanwhile.
        if refused and "No such file" not in refused[1]:
            raise DeviceError(f"{self.name} does not take {path}: {refused[1]}; make {_BASE} writable for adb's shell")
        raise Broken(f"the connection to {self.name} broke in a push; check the cable and repeat")

    def fetch(self, path: str, local: Path, seconds: float) -> None:
        """See `Line.fetch`."""
        done = self._adb.call("pull", path, str(local), serial=self._serial, seconds=seconds)
        if done.code != 0 or not local.is_file():
            raise Broken(f"the connection to {self.name} broke in a pull; check the cable and repeat")

    def wait(self, seconds: float) -> None:
        """See `Line.wait`."""
        end = time.monotonic() + seconds
        while True:
            phone = _find(self._adb, self._serial, max(1.0, end - time.monotonic()))
            if phone is not None and phone.ready:
                return
            if time.monotonic() > end:
                trouble = "is gone; check the cable and repeat" if phone is None else phone.trouble
                raise DeviceError(f"the phone {self._serial} {trouble}")
            if phone is None:
                _connect(self._adb, self._serial, max(1.0, end - time.monotonic()))
            time.sleep(_POLL_SECONDS)


def _choose(adb: Adb, serial: str) -> Phone:
    """The phone that is meant, ready to be used."""
    if serial:
        phone = _find(adb, serial, LIST_SECONDS)
        if phone is None and _connect(adb, serial, LIST_SECONDS):
            phone = _find(adb, serial, LIST_SECONDS)
        if phone is None:
            present = ", ".join(phone.serial for phone in adb.phones()) or "none"
            raise DeviceError(f"there is no phone {serial}; phones present: {present}; check the cable and the serial")
    else:
        phone = _only(adb.phones())
    if not phone.ready:
        raise DeviceError(f"the phone {phone.serial} {phone.trouble}")
    return phone


def _only(phones: tuple[Phone, ...]) -> Phone:
    if not phones:
        raise DeviceError(
            "there is no phone; plug one in, switch on USB debugging in its developer options, and repeat"
        )
    ready = [phone for phone in phones if phone.ready] or list(phones)
    if len(ready) > 1:
        ways = " or ".join(f"adb:{phone.serial}" for phone in ready)
        raise DeviceError(f"there are {len(ready)} phones; say which one is meant with {ways}")
    return ready[0]


def _find(adb: Adb, serial: str, seconds: float) -> Phone | None:
    return next((phone for phone in adb.phones(seconds) if phone.serial == serial), None)


def _connect(adb: Adb, serial: str, seconds: float) -> bool:
    """Ask adb to connect to a phone on the network; whether the serial can be one."""
    if not _HOST_AND_PORT.fullmatch(serial):
        return False
    with contextlib.suppress(DeviceError):
        adb.call("connect", serial, seconds=seconds)
    return True
