"""The STM32 USART with SR and DR (F1, F2, F4; RM0090 chapter 30, RM0390 chapter 25)."""

from __future__ import annotations

from edgeprune.emulate.peripherals.stm32_usart import Stm32Usart

_SR, _DR = 0x00, 0x04


class Stm32UsartV1(Stm32Usart):
    """Generation 1."""

    CR1, CR2, BRR, UE = 0x0C, 0x10, 0x08, 13

    def read(self, offset: int) -> int:
        """DR takes the received byte; SR waits for one when it is polled."""
        if offset == _DR:
            return self.take()
        if offset == _SR:
            return self.TXE | self.TC | (self.RXNE if self.received() else 0)
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """DR sends a byte."""
        if offset == _DR:
            self.transmit(value)
        elif offset != _SR:  # its bits can only be cleared, and none of those stays set here
            self._file.write(offset, value)

    def divider(self) -> float:
        """Clocks per bit (RM0090, 30.3.4)."""
        word = self._file.words.get(self.BRR, 0) & 0xFFFF
        if self._bit(self.OVER8):
            return 8 * ((word >> 4) + (word & 7) / 8)
        return word
