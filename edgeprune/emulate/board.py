"""An emulated board: a core, its UART, and a line that somebody else holds the other end of."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Protocol

from edgeprune.emulate.core import Core, CpuFaultError, StopReason
from edgeprune.emulate.image import Image, load_image
from edgeprune.targets import McuTarget

#: How long a board that polls for input waits for it at a time; its clock then moves on by this much.
_IDLE_SECONDS = 0.02


class Line(Protocol):
    """The host's end of a serial line."""

    def read(self, seconds: float) -> bytes | None:
        """Wait up to `seconds` for bytes from the host; None when the line is closed for good."""

    def write(self, content: bytes) -> None:
        """Send bytes to the host."""


class CmsdkUart:
    """The CMSDK APB UART (Arm DDI0479, section 4.3): polled, one byte deep, as fast as its line.

    Baud rate and interrupts have no effect here.  A firmware that polls for input when
    there is none waits in `Line.read`, so an idle board costs no processor time; its clock
    moves on with the world's.
    """

    SIZE = 0x1000
    _DATA, _STATE, _CONTROL = 0x0, 0x4, 0x8
    _RX_FULL = 2
    _TX_ENABLE, _RX_ENABLE = 1, 2

    def __init__(self, core: Core, line: Line) -> None:
        self._core = core
        self._line = line
        self._received: deque[int] = deque()
        self._sending = bytearray()
        self._registers: dict[int, int] = {}
        self._polled = False  # STATE was read, with nothing received, and DATA not used since

    def read(self, offset: int) -> int:
        """DATA takes the received byte; STATE waits for one when it is polled."""
        if offset == self._DATA:
            self._polled = False
            return self._received.popleft() if self._received else 0
        if offset == self._STATE:
            return self._state()
        return self._registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """DATA sends a byte; lines leave whole."""
        if offset != self._DATA:
            self._registers[offset] = value
            return
        self._polled = False
        if self._registers.get(self._CONTROL, 0) & self._TX_ENABLE:
            self._sending.append(value & 0xFF)
            if value == ord("\n"):
                self.flush()

    def flush(self) -> None:
        """Send what the firmware has written."""
        if self._sending:
            content, self._sending = bytes(self._sending), bytearray()
            self._line.write(content)

    def _state(self) -> int:
        if self._received:
            return self._RX_FULL
        # STATE is also read before each byte that is sent: only a firmware that reads it
        # again and does nothing in between is waiting for the host.
        if not self._polled or not self._registers.get(self._CONTROL, 0) & self._RX_ENABLE:
            self._polled = True
            return 0
        self.flush()
        content = self._line.read(_IDLE_SECONDS)
        if content is None:
            self._core.request_stop()
            return 0
        if not content:
            self._core.pass_time(_IDLE_SECONDS)
            return 0
        self._received.extend(content)
        return self._RX_FULL


class Board:
    """Firmware that runs on an emulated board until its line is closed."""

    def __init__(self, image: Image, target: McuTarget, line: Line) -> None:
        self.core = Core(image, target)
        self._uart = CmsdkUart(self.core, line)
        self.core.attach(self._uart, target.uart.base, CmsdkUart.SIZE)

    def run(self) -> None:
        """Run from reset until the line is closed.

        Raises:
            CpuFaultError: the firmware faulted or stopped by itself; its own report has been sent.
        """
        self.core.reset()
        try:
            reason = self.core.run()
        finally:
            self._uart.flush()
        if reason is not StopReason.STOPPED:
            raise CpuFaultError(self.core.last_fault or f"the firmware halted at {self.core.where()}")


def load_board(elf: Path, target: McuTarget, line: Line) -> Board:
    """A board with the firmware `elf` in its flash.

    Raises:
        UserError: the file is no firmware.
        DeviceError: it is not for this target.
    """
    return Board(load_image(elf), target, line)
