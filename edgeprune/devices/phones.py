"""Phones that adb knows, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.devices.adb import Adb, Phone
from edgeprune.devices.machine import MachineFacts
from edgeprune.devices.machines.adb import AdbLine
from edgeprune.devices.remote.machine import opened
from edgeprune.errors import DeviceError, ToolchainError


@dataclass(frozen=True)
class ListedPhone:
    """One phone.

    Attributes:
        serial: adb's name for it.
        state: adb's word: `device` when it can be used, or `unauthorized`, `offline`, ...
        advice: What to do before it can be used; empty when it can.
        facts: What it is; None where it cannot be asked.
    """

    serial: str
    state: str
    advice: str
    facts: MachineFacts | None

    @property
    def via(self) -> str:
        """What reaches it."""
        return f"adb:{self.serial}"


@dataclass(frozen=True)
class PhoneList:
    """What adb knows.

    Attributes:
        phones: Usable or not, by serial.
        trouble: Why phones cannot be listed, and what to do; empty when they can.
    """

    phones: tuple[ListedPhone, ...]
    trouble: str


def list_phones() -> PhoneList:
    """The phones that adb knows; does not fail, since there are other devices to be listed."""
    try:
        adb = Adb()
        return PhoneList(tuple(_ask(adb, phone) for phone in adb.phones()), "")
    except (ToolchainError, DeviceError) as error:
        return PhoneList((), str(error))


def _ask(adb: Adb, phone: Phone) -> ListedPhone:
    if not phone.ready:
        return ListedPhone(phone.serial, phone.state, f"the phone {phone.serial} {phone.trouble}", None)
    try:
        with opened(AdbLine(adb, phone.serial)) as machine:
            return ListedPhone(phone.serial, phone.state, "", machine.facts())
    except DeviceError as error:
        return ListedPhone(phone.serial, phone.state, str(error), None)
