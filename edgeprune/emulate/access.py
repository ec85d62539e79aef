"""How the core's loads and stores reach a peripheral, whose registers are words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Peripheral(Protocol):
    """A device on the bus; registers are words, `offset` counts bytes from its base."""

    def read(self, offset: int) -> int:
        """Value of the register at `offset`."""

    def write(self, offset: int, value: int) -> None:
        """Set the register at `offset`."""


class BusAccess:
    """unicorn's callbacks for one peripheral.

    Bytes and halfwords are parts of a register: a narrow write completes the word by what
    the peripheral's `peek` shows, or its `read` where it has no register that reading changes.

    Args:
        peripheral: The device.
        abandon: Told what it raised; an exception cannot pass through the C in between.
    """

    def __init__(self, peripheral: Peripheral, abandon: Callable[[BaseException], None]) -> None:
        self._device = peripheral
        self._peek: Callable[[int], int] = getattr(peripheral, "peek", peripheral.read)
        self._abandon = abandon

    def read(self, _uc: Any, offset: int, width: int, _data: Any) -> int:
        """A load of `width` bytes; 0 where the device raised."""
        try:
            word = self._device.read(offset & ~3)
        except BaseException as error:
            self._abandon(error)
            return 0
        return word >> 8 * (offset & 3) & ((1 << 8 * width) - 1)

    def write(self, _uc: Any, offset: int, width: int, value: int, _data: Any) -> None:
        """A store of `width` bytes."""
        try:
            if width < 4:
                shift = 8 * (offset & 3)
                mask = ((1 << 8 * width) - 1) << shift
                value = self._peek(offset & ~3) & ~mask | value << shift & mask
            self._device.write(offset & ~3, value)
        except BaseException as error:
            self._abandon(error)
