"""The STM32 USART with ISR, RDR and TDR, and the LPUART (L4+, F7, H7, U5, G0; RM0432 chapters 46 and 47)."""

from __future__ import annotations

from edgeprune.emulate.peripherals.device import MisuseError
from edgeprune.emulate.peripherals.registers import Field
from edgeprune.emulate.peripherals.stm32_usart import Stm32Usart

_ISR, _ICR, _RDR, _TDR, _RQR = 0x1C, 0x20, 0x24, 0x28, 0x18
_TEACK, _REACK = 1 << 21, 1 << 22
_PRESCALER = Field(0x2C, 0, 4)
_PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)


class Stm32UsartV2(Stm32Usart):
    """Generation 2; its FIFO, which does not change what is sent or received, may be on."""

    CR1, CR2, BRR, UE, M1 = 0x00, 0x04, 0x0C, 0, 28

    def read(self, offset: int) -> int:
        """RDR takes the received byte; ISR waits for one when it is polled."""
        if offset == _RDR:
            return self.take()
        if offset == _ISR:
            return self._status()
        return 0 if offset in (_ICR, _RQR) else self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """TDR sends a byte.

        Raises:
            MisuseError: BRR is written while the USART is enabled, which hardware ignores.
        """
        if offset == _TDR:
            self.transmit(value)
        elif offset == _RQR:
            if value & 1 << 3:  # RXFRQ drops the received byte
                self.take()
        elif offset == self.BRR and self._bit(self.UE):
            raise MisuseError(f"{self._name} was given BRR = {value:#x} while UE is set; write it before")
        elif offset not in (_ISR, _ICR, _RDR):
            self._file.write(offset, value)

    def divider(self) -> float:
        """Clocks per bit (RM0432, 46.5.7 and 47.4.7)."""
        word = self._file.words.get(self.BRR, 0)
        prescaler = _PRESCALERS[min(self._file.get(_PRESCALER), len(_PRESCALERS) - 1)]
        if self._low_power:
            return prescaler * word / 256
        if self._bit(self.OVER8):
            return prescaler * (word & 0xFFF0 | (word & 7) << 1) / 2
        return prescaler * (word & 0xFFFF)

    def _status(self) -> int:
        word = self.TXE | self.TC
        if self._bit(self.UE):
            word |= (_TEACK if self._bit(self.TE) else 0) | (_REACK if self._bit(self.RE) else 0)
        return word | (self.RXNE if self.received() else 0)
