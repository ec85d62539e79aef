"""`targets`, `devices` and `doctor`: what there is, what is plugged in, and whether it works here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edgeprune.cli.console import show, show_json, show_table
from edgeprune.cli.options import Json
from edgeprune.errors import UserError

if TYPE_CHECKING:
    from edgeprune.devices.phones import ListedPhone
    from edgeprune.targets import Target

EXAMPLES = {
    "targets": "Example: edgeprune targets",
    "devices": "Example: edgeprune devices, then edgeprune measure firmware --via serial:/dev/ttyACM0",
    "doctor": "Example: edgeprune doctor",
}


def targets(json_: Json = False) -> None:
    """List the target profiles."""
    from edgeprune.targets import McuTarget, list_targets, load_target

    profiles = [load_target(name) for name in list_targets()]
    if json_:
        show_json([json.loads(profile.model_dump_json()) for profile in profiles])
        return
    rows = []
    for profile in profiles:
        memory = ""
        if isinstance(profile, McuTarget):
            memory = f"{profile.flash.size // 1024} KB flash, {profile.ram.size // 1024} KB RAM"
        rows.append((profile.name, profile.kind, profile.title, ", ".join(profile.dtypes), memory, _ways(profile)))
    show_table(("name", "kind", "title", "runs", "memory", "--via"), rows, text_columns=6)


def _ways(profile: Target) -> str:
    """How figures of a target can be had."""
    from edgeprune.targets import McuTarget

    if not isinstance(profile, McuTarget):
        return "host" if profile.kind == "host" else ""
    ways = {"emulator": profile.emulated, "qemu": profile.qemu is not None, "serial:PORT": profile.probe is not None}
    return ", ".join(way for way, there in ways.items() if there)


def devices(json_: Json = False) -> None:
    """List serial ports with the boards that they probably lead to, and phones that adb knows."""
    from dataclasses import asdict

    from edgeprune.devices.phones import list_phones
    from edgeprune.devices.ports import serial_ports

    ports, known = serial_ports(), list_phones()
    if json_:
        found = [("serial", port.via, port) for port in ports] + [("phone", phone.via, phone) for phone in known.phones]
        show_json([{"kind": kind, "via": via} | asdict(device) for kind, via, device in found])
        return
    if ports:
        rows = [(p.device, p.usb, p.description, ", ".join(p.targets)) for p in ports]
        show_table(("port", "USB", "says", "perhaps"), rows, text_columns=4)
    if known.phones:
        header = ("phone", "model", "chip", "system", "battery", "throttling")
        show_table(header, [_phone(phone) for phone in known.phones], text_columns=6)
    for advice in filter(None, (*(phone.advice for phone in known.phones), known.trouble)):
        show(advice)
    if not ports and not known.phones:
        show("no serial ports and no phones; plug a board or a phone in, or use --via emulator")


def _phone(phone: ListedPhone) -> tuple[str, ...]:
    """A row of the table."""
    facts = phone.facts
    if facts is None:
        return phone.via, "", "", phone.state, "", ""
    battery = "" if facts.battery_percent is None else f"{facts.battery_percent} %"
    return (
        phone.via, facts.model, facts.soc, facts.system, battery + (", charging" if facts.charging else ""),
        facts.thermal or "",
    )  # fmt: skip


def doctor(json_: Json = False) -> None:
    """Check that compilers, emulator, runtimes and TensorFlow work here; exit code 2 if one does not."""
    from dataclasses import asdict

    from edgeprune.doctor import check_all

    checks = check_all()
    if json_:
        show_json([asdict(check) for check in checks])
    else:
        show_table(("check", "", "found"), [(c.name, c.state, c.detail) for c in checks], text_columns=3)
    broken = [check for check in checks if check.state == "broken"]
    if broken:
        raise UserError(f"{broken[0].name} does not work: {broken[0].detail}")
    if not json_:
        show("everything that is needed works")


COMMANDS = (targets, devices, doctor)
