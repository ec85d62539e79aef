"""Arm's PrimeCell UART, PL011 (Arm DDI0183, RP2040 datasheet 4.2)."""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.emulate.peripherals.device import Cpu
from edgeprune.emulate.peripherals.registers import RegisterFile
from edgeprune.emulate.peripherals.serial import Line, SerialPort

_DR, _RSR, _FR, _IBRD, _FBRD, _LCR_H, _CR = 0x00, 0x04, 0x18, 0x24, 0x28, 0x2C, 0x30
_IMSC, _RIS, _MIS, _ICR, _ID = 0x38, 0x3C, 0x40, 0x44, 0xFE0
_RX_EMPTY, _TX_EMPTY = 1 << 4, 1 << 7
_UARTEN, _TXE, _RXE = 1 << 0, 1 << 8, 1 << 9
_PARITY, _TWO_STOPS, _WORD_LENGTH, _EIGHT_BITS = 1 << 1, 1 << 3, 3 << 5, 3 << 5
_RX_INTERRUPT, _TX_INTERRUPT, _TIMEOUT_INTERRUPT = 1 << 4, 1 << 5, 1 << 6
_IDENTITY = (0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1)


class Pl011(SerialPort):
    """The UART; its FIFOs do not change what is sent or received.

    Args:
        core, line, baud, irq, before_use: As for `SerialPort`.
        clock_hz: Asks for the frequency that reaches it now.
    """

    def __init__(
        self,
        core: Cpu,
        line: Line,
        baud: int,
        *,
        clock_hz: Callable[[], float],
        irq: int | None = None,
        before_use: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(core, line, baud, irq=irq, before_use=before_use)
        self._clock_hz = clock_hz
        self._file = RegisterFile({_CR: 0x300, 0x34: 0x12})
        self._divider = 0.0

    def reset(self) -> None:
        """All registers as after a reset."""
        super().reset()
        self._file.reset()
        self._divider = 0.0

    def read(self, offset: int) -> int:
        """DR takes the received byte; FR waits for one when it is polled."""
        if offset == _DR:
            return self.take()
        if offset == _FR:
            return _TX_EMPTY | (0 if self.received() else _RX_EMPTY)
        if offset in (_RIS, _MIS):
            return self._causes() & (self._file.words.get(_IMSC, 0) if offset == _MIS else ~0)
        if offset >= _ID:
            return _IDENTITY[(offset - _ID) // 4]
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """DR sends a byte; the bit rate takes effect when LCR_H is written (DDI0183 3.3.7)."""
        if offset == _DR:
            if self._on(_UARTEN) and self._on(_TXE):
                self.send(value & 0xFF)
        elif offset not in (_RSR, _FR, _RIS, _MIS, _ICR) and offset < _ID:
            self._file.write(offset, value)
            if offset == _LCR_H:
                words = self._file.words
                self._divider = (words.get(_IBRD, 0) & 0xFFFF) + (words.get(_FBRD, 0) & 63) / 64
        self.update_interrupt()

    def bit_rate(self) -> float:
        """Clock / (16 * divider); 0 for anything but 8 bits, no parity, one stop bit."""
        frame = self._file.words.get(_LCR_H, 0)
        if self._divider < 1 or frame & (_PARITY | _TWO_STOPS) or frame & _WORD_LENGTH != _EIGHT_BITS:
            return 0.0
        return self._clock_hz() / (16 * self._divider)

    def can_receive(self) -> bool:
        """UARTEN and RXE."""
        return self._on(_UARTEN) and self._on(_RXE)

    def receive_interrupt(self) -> bool:
        """RXIM, or RTIM: the last bytes of a burst come by the time-out."""
        return bool(self._file.words.get(_IMSC, 0) & (_RX_INTERRUPT | _TIMEOUT_INTERRUPT))

    def send_interrupt(self) -> bool:
        """TXIM."""
        return self._on(_UARTEN) and self._on(_TXE) and bool(self._file.words.get(_IMSC, 0) & _TX_INTERRUPT)

    def _causes(self) -> int:
        received = _RX_INTERRUPT | _TIMEOUT_INTERRUPT if self._queue and self.can_receive() else 0
        return received | _TX_INTERRUPT

    def _on(self, bit: int) -> bool:
        return bool(self._file.words.get(_CR, 0) & bit)
