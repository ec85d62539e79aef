"""GPIO ports of the STM32 (chapter "General-purpose I/Os" of each manual; all generations since F2 agree)."""

from __future__ import annotations

from edgeprune.emulate.peripherals.registers import Field, RegisterFile

_MODER, _IDR, _ODR, _BSRR, _AFRL, _BRR = 0x00, 0x10, 0x14, 0x18, 0x20, 0x28
_OUTPUT, _ALTERNATE = 1, 2


class Stm32Gpio:
    """One port; outputs read back, inputs read 0.

    Args:
        moder: Value of MODER after reset; it differs between families and ports.
    """

    def __init__(self, moder: int) -> None:
        self._file = RegisterFile({_MODER: moder})

    def reset(self) -> None:
        """All pins as after a reset."""
        self._file.reset()

    def read(self, offset: int) -> int:
        """Value of a register."""
        if offset == _IDR:
            return self._file.words.get(_ODR, 0) & self._outputs()
        return 0 if offset in (_BSRR, _BRR) else self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a register; BSRR and BRR change ODR."""
        if offset == _BSRR:
            # A bit that is to be set and reset at once is set.
            level = self._file.words.get(_ODR, 0) & ~(value >> 16) | value & 0xFFFF
            self._file.write(_ODR, level)
        elif offset == _BRR:
            self._file.write(_ODR, self._file.words.get(_ODR, 0) & ~value)
        elif offset != _IDR:
            self._file.write(offset, value)

    def alternate(self, pin: int) -> int | None:
        """Number of the alternate function that the pin is switched to; None in another mode."""
        if self._file.get(Field(_MODER, 2 * pin, 2)) != _ALTERNATE:
            return None
        return self._file.get(Field(_AFRL + 4 * (pin // 8), 4 * (pin % 8), 4))

    def _outputs(self) -> int:
        modes = self._file.words.get(_MODER, 0)
        return sum(1 << pin for pin in range(16) if modes >> 2 * pin & 3 == _OUTPUT)
