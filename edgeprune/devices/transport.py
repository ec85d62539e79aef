"""Ways to reach a board: where bytes go, whatever they mean.

Each module in `transports/` is one way.  It has a `SCHEME`, the word before the colon of
a `--via` argument, a function `open_line`, and `STARTS_FIRMWARE`: whether that starts the
firmware it is given, instead of expecting it in the board; it is found by being there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from edgeprune.devices import transports
from edgeprune.devices.scheme import chosen_module, modules_by_scheme, scheme_of
from edgeprune.targets import McuTarget


class Transport(Protocol):
    """An open line to a board."""

    @property
    def name(self) -> str:
        """What messages call the line, such as `/dev/ttyACM0`."""

    @property
    def baud(self) -> int:
        """Bit rate, for messages."""

    def read(self, timeout: float) -> bytes:
        """What has arrived; waits up to `timeout` seconds for the first byte, then returns none.

        Raises:
            DeviceError: the line broke.
        """

    def write(self, content: bytes) -> None:
        """Send bytes.

        Raises:
            DeviceError: the line broke, or takes nothing.
        """

    def discard(self) -> None:
        """Forget what has arrived and was not read."""


def open_transport(via: str, elf: Path, target: McuTarget) -> AbstractContextManager[Transport]:
    """Open the line that a `--via` argument names, for the duration of a `with` block.

    Args:
        via: `emulator`, `serial:PORT`, or another scheme that `transports/` knows.
        elf: The firmware: what an emulated board runs.
        target: Profile of the board.

    Raises:
        UserError: there is no such scheme.
        DeviceError: on entry, when the line cannot be opened.
    """
    module, argument = chosen_module(transports, via, "a board")
    line: AbstractContextManager[Transport] = module.open_line(argument, elf, target)
    return line


def starts_firmware(via: str) -> bool:
    """Whether that way starts the firmware itself, so that it can start any image of a build."""
    module = modules_by_scheme(transports).get(scheme_of(via))
    return module is not None and bool(module.STARTS_FIRMWARE)


def schemes() -> tuple[str, ...]:
    """The known schemes, sorted."""
    return tuple(modules_by_scheme(transports))
