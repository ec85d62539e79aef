"""Ports as pyserial finds them, matched with the boards of the profiles."""

from __future__ import annotations

import pytest
from serial.tools.list_ports_common import ListPortInfo

from edgeprune.devices import ports
from edgeprune.targets import McuTarget, list_targets, load_target


def port(device: str, vid: int | None, pid: int | None, description: str) -> ListPortInfo:
    info = ListPortInfo(device, skip_link_detection=True)
    info.vid, info.pid, info.description = vid, pid, description
    return info


def test_a_port_names_every_board_with_its_usb_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [port("/dev/ttyS0", None, None, "n/a"), port("/dev/ttyACM0", 0x0483, 0x374B, "STM32 STLink")]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: found)
    first, second = ports.serial_ports()
    profiles = [t for name in list_targets() if isinstance(t := load_target(name), McuTarget)]
    wanted = tuple(t.name for t in profiles if t.uart.usb == "0483:374b")
    assert (first.device, first.usb, first.targets) == ("/dev/ttyACM0", "0483:374b", wanted)
    assert wanted
    assert (second.device, second.usb, second.description, second.targets) == ("/dev/ttyS0", "", "", ())
