"""Phones that adb knows, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.devices.adb import Adb, Phone, find_adb
from edgeprune.devices.machine import MachineFacts
from edgeprune.devices.machines.adb import AdbLine
from edgeprune.devices.remote.machine import opened
from edgeprune.errors import DeviceError


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


def can_list_phones() -> bool:
    """Whether there is an adb on this computer."""
    return find_adb() is not None


def list_phones() -> tuple[ListedPhone, ...]:
    """The phones that adb knows, usable or not; none without adb.

    Raises:
        DeviceError: adb does not answer.
    """
    if not can_list_phones():
        return ()
    adb = Adb()
    return tuple(_ask(adb, phone) for phone in adb.phones())


def _ask(adb: Adb, phone: Phone) -> ListedPhone:
    if not phone.ready:
        return ListedPhone(phone.serial, phone.state, f"the phone {phone.serial} {phone.trouble}", None)
    try:
        with opened(AdbLine(adb, phone.serial)) as machine:
            return ListedPhone(phone.serial, phone.state, "", machine.facts())
    except DeviceError as error:
        return ListedPhone(phone.serial, phone.state, str(error), None)
