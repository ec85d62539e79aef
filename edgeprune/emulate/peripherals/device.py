"""What a device is, what it may ask of the core, and how it says that it was used wrongly."""

from __future__ import annotations

from typing import Protocol

from edgeprune.emulate.access import Peripheral
from edgeprune.errors import DeviceError


class MisuseError(DeviceError):
    """The firmware did what the chip's manual forbids, and what hardware answers in no certain way."""


class Device(Peripheral, Protocol):
    """A peripheral that takes part in the chip's reset."""

    def reset(self) -> None:
        """Return to the state after a reset of the chip."""


class Cpu(Protocol):
    """The part of `Core` that devices use."""

    def pend(self, irq: int) -> None:
        """External interrupt `irq` becomes pending."""

    def unpend(self, irq: int) -> None:
        """External interrupt `irq` is no longer pending."""

    def pass_time(self, seconds: float) -> None:
        """Let the clock move on while the core waits for the world."""

    def patience(self, seconds: float) -> float:
        """How much of that time a device may wait before the core has something to do."""

    def request_stop(self) -> None:
        """End `run` soon."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory."""

    def write(self, address: int, content: bytes) -> None:
        """Change memory."""
