"""A core with its peripherals, and the loop that runs it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeprune.emulate.core import Core, CpuFaultError, StopReason
from edgeprune.emulate.peripherals import Bus, SerialPort

#: Cycles after which a running board looks for input that its interrupt should announce.
_LOOK_CYCLES = 1_000_000


@dataclass(frozen=True)
class Fittings:
    """What a board adds to its core.

    Attributes:
        bus: All devices.
        port: The one whose line the board talks on.
    """

    bus: Bus
    port: SerialPort


class Board:
    """Firmware that runs on an emulated board until its line is closed.

    Attributes:
        core: What executes it.
    """

    def __init__(self, core: Core, fittings: Fittings) -> None:
        self.core, self._port = core, fittings.port
        fittings.bus.attach_to(core)
        core.on_reset(fittings.bus.reset)
        core.on_sleep(self._slept)
        self._halted = False

    def run(self) -> None:
        """Run from reset until the line is closed.

        Raises:
            CpuFaultError: the firmware locked the core up or halted for good.
            MisuseError: it used a device in a way that the chip's manual forbids.
        """
        self.core.reset()
        self._halted = False
        try:
            reason = self._run()
        finally:
            self._port.flush()
        if self._halted or reason is not StopReason.STOPPED:
            raise CpuFaultError(self.core.last_fault or f"the firmware halted at {self.core.where()}")

    def _run(self) -> StopReason:
        while True:
            reason = self.core.run(budget=_LOOK_CYCLES)
            if reason is not StopReason.BUDGET:
                return reason
            if self._port.wakes() and not self._port.listen(0):
                return StopReason.STOPPED

    def _slept(self, seconds: float) -> None:
        """The core waits for an interrupt, for up to so long."""
        if self._port.wakes():
            if not self._port.listen(seconds):
                self.core.request_stop()
        elif self.core.patience(math.inf) == math.inf:
            self._halted = True  # neither the host nor a timer will ever wake it
            self.core.request_stop()
