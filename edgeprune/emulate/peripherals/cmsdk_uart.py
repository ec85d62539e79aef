"""The CMSDK APB UART (Arm DDI0479, section 4.3)."""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.emulate.peripherals.device import Cpu
from edgeprune.emulate.peripherals.registers import RegisterFile
from edgeprune.emulate.peripherals.serial import Line, SerialPort

_DATA, _STATE, _CONTROL, _INTERRUPT, _DIVIDER = 0x0, 0x4, 0x8, 0xC, 0x10
_RX_FULL = 1 << 1
_TX_ENABLE, _RX_ENABLE, _TX_INTERRUPT, _RX_INTERRUPT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TX_CAUSE, _RX_CAUSE = 1 << 0, 1 << 1
_LEAST_DIVIDER = 16


class CmsdkUart(SerialPort):
    """One byte deep in both directions.

    Args:
        core, line, baud, irq, before_use: As for `SerialPort`; `irq` is that of reception, the
            next one that of sending.
        clock_hz: Frequency of the bus it hangs on.
    """

    def __init__(
        self,
        core: Cpu,
        line: Line,
        baud: int,
        *,
        clock_hz: float,
        irq: int | None = None,
        before_use: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(core, line, baud, irq=irq, before_use=before_use)
        self._clock_hz = clock_hz
        self._file = RegisterFile(changed=lambda _offset, _before, _after: self.update_interrupt())

    def reset(self) -> None:
        """All registers as after a reset."""
        super().reset()
        self._file.reset()

    def read(self, offset: int) -> int:
        """DATA takes the received byte; STATE waits for one when it is polled."""
        if offset == _DATA:
            return self.take()
        if offset == _STATE:
            return _RX_FULL if self.received() else 0
        if offset == _INTERRUPT:
            received = self.wakes() and bool(self._queue)
            return (_RX_CAUSE if received else 0) | (_TX_CAUSE if self.send_interrupt() else 0)
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """DATA sends a byte."""
        if offset == _DATA:
            if self._control() & _TX_ENABLE:
                self.send(value & 0xFF)
        elif offset == _INTERRUPT:
            self.update_interrupt()  # a cleared interrupt comes back while its cause stays
        elif offset != _STATE:
            self._file.write(offset, value)

    def bit_rate(self) -> float:
        """Clock by divider, which must be 16 at least."""
        divider = self._file.words.get(_DIVIDER, 0) & 0xF_FFFF
        return self._clock_hz / divider if divider >= _LEAST_DIVIDER else 0.0

    def can_receive(self) -> bool:
        """Bit 1 of CTRL."""
        return bool(self._control() & _RX_ENABLE)

    def receive_interrupt(self) -> bool:
        """Bit 3 of CTRL."""
        return bool(self._control() & _RX_INTERRUPT)

    def send_interrupt(self) -> bool:
        """Bit 2 of CTRL."""
        return bool(self._control() & _TX_ENABLE and self._control() & _TX_INTERRUPT)

    def update_interrupt(self) -> None:
        """Reception and sending have a number each."""
        if self._irq is None:
            return
        for irq, wanted in (
            (self._irq, self.wakes() and bool(self._queue)),
            (self._irq + 1, self.send_interrupt()),
        ):
            (self._core.pend if wanted else self._core.unpend)(irq)

    def _control(self) -> int:
        return self._file.words.get(_CONTROL, 0)
