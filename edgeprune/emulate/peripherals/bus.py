"""Puts devices on a core's bus: several in one page, gaps between them, clocks that are off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgeprune.emulate.access import Peripheral
from edgeprune.emulate.core import CpuFaultError
from edgeprune.emulate.peripherals.device import Device

_PAGE = 0x1000


class _Attachable(Protocol):
    def attach(self, peripheral: Peripheral, base: int, size: int) -> None: ...


class Gated:
    """A device whose clock can be off: its registers then read 0 and ignore writes, as on the chip."""

    def __init__(self, device: Device, clocked: Callable[[], bool]) -> None:
        self.device, self._clocked = device, clocked

    def read(self, offset: int) -> int:
        """Value of a register; 0 without a clock."""
        return self.device.read(offset) if self._clocked() else 0

    def write(self, offset: int, value: int) -> None:
        """Set a register; without a clock nothing happens."""
        if self._clocked():
            self.device.write(offset, value)

    def reset(self) -> None:
        """Reset the device."""
        self.device.reset()


@dataclass(frozen=True)
class _Place:
    device: Device
    base: int
    size: int


class _Page:
    """4 KB of the address space, the least that the core can map."""

    def __init__(self, base: int, places: list[_Place]) -> None:
        self._base, self._places = base, places

    def read(self, offset: int) -> int:
        place = self._at(offset, "read")
        return place.device.read(self._base + offset - place.base)

    def write(self, offset: int, value: int) -> None:
        place = self._at(offset, "write")
        place.device.write(self._base + offset - place.base, value)

    def peek(self, offset: int) -> int:
        """What completes a write of a part: a data register must not lose its byte by that."""
        place = self._at(offset, "write")
        device: object = place.device
        while isinstance(device, Gated):
            device = device.device
        inner = getattr(device, "peek", place.device.read)
        return int(inner(self._base + offset - place.base))

    def _at(self, offset: int, access: str) -> _Place:
        address = self._base + offset
        for place in self._places:
            if place.base <= address < place.base + place.size:
                return place
        raise CpuFaultError(f"the firmware faulted: {access} at 0x{address:08x}, where the chip has no device")


class Bus:
    """Collects the devices of a board, then attaches them to its core."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._resets: list[Callable[[], None]] = []

    def also_reset(self, callback: Callable[[], None]) -> None:
        """Have something else reset with the devices, after them: what several of them share."""
        self._resets.append(callback)

    def add(self, device: Device, base: int, size: int = 0x400) -> None:
        """Put a device at `base`.

        Raises:
            ValueError: the addresses are taken.
        """
        for place in self._places:
            if base < place.base + place.size and place.base < base + size:
                raise ValueError(f"0x{base:08x} is taken by {place.device!r}")
        self._places.append(_Place(device, base, size))

    def attach_to(self, core: _Attachable) -> None:
        """Map the pages that have devices; everything else stays unmapped and faults."""
        pages: dict[int, list[_Place]] = {}
        for place in self._places:
            for base in range(place.base & -_PAGE, place.base + place.size, _PAGE):
                pages.setdefault(base, []).append(place)
        for base, places in sorted(pages.items()):
            core.attach(_Page(base, places), base, _PAGE)

    def reset(self) -> None:
        """Reset every device once."""
        for device in {id(place.device): place.device for place in self._places}.values():
            device.reset()
        for callback in self._resets:
            callback()
