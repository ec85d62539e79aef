"""What both generations of the STM32's USART share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from edgeprune.emulate.peripherals.device import Cpu, MisuseError
from edgeprune.emulate.peripherals.registers import Field, RegisterFile
from edgeprune.emulate.peripherals.serial import Line, SerialPort

_LEAST_DIVIDER = 16
_LOW_POWER_DIVIDERS = range(0x300, 0x10_0000)


class Stm32Usart(SerialPort):
    """Registers in common: CR1, CR2, CR3, BRR; 8 data bits, no parity, one stop bit is what the line speaks.

    Args:
        core, line, baud, irq, before_use: As for `SerialPort`.
        clock_hz: Asks for the frequency that reaches the USART now.
        low_power: An LPUART, whose BRR counts 256ths of a clock.
        name: For messages.
    """

    CR1: int
    CR2: int
    BRR: int
    UE: int
    TE, RE, RXNEIE, TCIE, TXEIE, PCE, M0, OVER8 = 3, 2, 5, 6, 7, 10, 12, 15
    M1: int | None = None
    RXNE, TC, TXE = 1 << 5, 1 << 6, 1 << 7

    def __init__(
        self,
        core: Cpu,
        line: Line,
        baud: int,
        *,
        clock_hz: Callable[[], float],
        name: str,
        low_power: bool = False,
        irq: int | None = None,
        before_use: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(core, line, baud, irq=irq, before_use=before_use)
        self._clock_hz, self._low_power, self._name = clock_hz, low_power, name
        self._file = RegisterFile(changed=self._changed)

    def reset(self) -> None:
        """All registers as after a reset; what the host has sent is still under way."""
        super().reset()
        self._file.reset()

    @abstractmethod
    def divider(self) -> float:
        """Clocks per bit that BRR asks for, 0 where it is not set."""

    def bit_rate(self) -> float:
        """Bits per second."""
        divider = self.divider()
        return self._clock_hz() / divider if divider and self._frame_is_8n1() else 0.0

    def can_receive(self) -> bool:
        """UE and RE."""
        return self._bit(self.UE) and self._bit(self.RE)

    def receive_interrupt(self) -> bool:
        """RXNEIE."""
        return self._bit(self.UE) and self._bit(self.RXNEIE)

    def send_interrupt(self) -> bool:
        """TXEIE or TCIE."""
        return self._bit(self.UE) and self._bit(self.TE) and (self._bit(self.TXEIE) or self._bit(self.TCIE))

    def transmit(self, value: int) -> None:
        """A write to the data register: sent when UE and TE are set, else lost."""
        if self._bit(self.UE) and self._bit(self.TE):
            self.send(value & 0xFF)

    def _bit(self, number: int) -> bool:
        return bool(self._file.words.get(self.CR1, 0) >> number & 1)

    def _frame_is_8n1(self) -> bool:
        long = self.M1 is not None and self._bit(self.M1)
        return not (self._bit(self.PCE) or self._bit(self.M0) or long or self._file.get(Field(self.CR2, 12, 2)))

    def _changed(self, offset: int, before: int, after: int) -> None:
        if offset == self.CR1:
            if after >> self.UE & 1 and not before >> self.UE & 1:
                self._check_divider()
            self.update_interrupt()

    def _check_divider(self) -> None:
        word = self._file.words.get(self.BRR, 0)
        if self._low_power and word not in _LOW_POWER_DIVIDERS:
            raise MisuseError(
                f"{self._name} was enabled with BRR = {word:#x}; an LPUART's must be in 0x300..0xfffff, write it first"
            )
        if not self._low_power and self.divider() < _LEAST_DIVIDER // (1 + self._bit(self.OVER8)):
            raise MisuseError(f"{self._name} was enabled with BRR = {word:#x}, below 16 clocks per bit; write it first")
