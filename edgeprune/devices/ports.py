"""Serial ports of this machine, and the boards that they probably lead to."""

from __future__ import annotations

from dataclasses import dataclass

from serial.tools import list_ports

from edgeprune.targets import McuTarget, list_targets, load_target


@dataclass(frozen=True)
class SerialPort:
    """One port.

    Attributes:
        device: What `--via serial:` takes, such as `/dev/ttyACM0`.
        usb: `VID:PID` in hexadecimal, empty for a port that is not on USB.
        description: What the port says of itself.
        targets: Profiles whose board shows up under this VID:PID; many boards share one.
    """

    device: str
    usb: str
    description: str
    targets: tuple[str, ...]

    @property
    def via(self) -> str:
        """What reaches it."""
        return f"serial:{self.device}"


def serial_ports() -> tuple[SerialPort, ...]:
    """The serial ports, by name."""
    boards = _boards()
    found = []
    for port in sorted(list_ports.comports(), key=lambda port: port.device):
        usb = "" if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"
        described = port.description if port.description not in (None, "n/a") else ""
        found.append(SerialPort(port.device, usb, described, boards.get(usb, ()) if usb else ()))
    return tuple(found)


def _boards() -> dict[str, tuple[str, ...]]:
    """Names of the profiles by the VID:PID of their serial line."""
    found: dict[str, tuple[str, ...]] = {}
    for name in list_targets():
        target = load_target(name)
        if isinstance(target, McuTarget) and target.uart.usb:
            found[target.uart.usb] = (*found.get(target.uart.usb, ()), name)
    return found
