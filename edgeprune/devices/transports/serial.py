"""`serial:PORT`: a board on a serial port."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from edgeprune.devices.serial_line import SerialLine, open_port
from edgeprune.errors import UserError
from edgeprune.targets import McuTarget

SCHEME = "serial"
STARTS_FIRMWARE = False


def open_line(port: str, elf: Path, target: McuTarget) -> AbstractContextManager[SerialLine]:
    """Open the port at the target's bit rate; `elf` is expected to be in the board already.

    Raises:
        UserError: no port is named.
        DeviceError: on entry, when the port cannot be opened.
    """
    if not port:
        raise UserError(f"name the serial port that {elf.name} runs behind: --via serial:PORT")
    return open_port(port, target.uart.baud)
