"""Devices without a core: a test plays the firmware, register by register."""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.core import Peripheral
from edgeprune.emulate.peripherals import Bus, Cpu, Line
from edgeprune.targets import McuTarget
from emulate.firmware import mcu_target


class FakeCore:
    """Takes what devices tell a core; `word` and `put` are the firmware's loads and stores."""

    def __init__(self) -> None:
        self.pages: dict[int, Peripheral] = {}
        self.pending: set[int] = set()
        self.waited = 0.0
        self.stopped = False
        self.memory: dict[int, int] = {}

    def pend(self, irq: int) -> None:
        self.pending.add(irq)

    def unpend(self, irq: int) -> None:
        self.pending.discard(irq)

    def pass_time(self, seconds: float) -> None:
        self.waited += seconds

    def patience(self, seconds: float) -> float:
        return seconds

    def request_stop(self) -> None:
        self.stopped = True

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.memory.get(address + i, 0) for i in range(size))

    def write(self, address: int, content: bytes) -> None:
        self.memory.update(enumerate(content, start=address))

    def attach(self, peripheral: Peripheral, base: int, size: int) -> None:
        assert base % 0x1000 == size % 0x1000 == 0
        self.pages[base] = peripheral

    def word(self, address: int) -> int:
        return self.pages[address & ~0xFFF].read(address & 0xFFF)

    def put(self, address: int, value: int) -> None:
        self.pages[address & ~0xFFF].write(address & 0xFFF, value)

    def set(self, address: int, bits: int) -> None:
        self.put(address, self.word(address) | bits)

    def change(self, address: int, mask: int, value: int) -> None:
        self.put(address, self.word(address) & ~mask | value)

    def wait_for(self, address: int, bits: int, value: int | None = None) -> None:
        """Poll as a firmware does; the first look must not be enough for what takes time."""
        wanted = bits if value is None else value
        assert any(self.word(address) & bits == wanted for _ in range(10)), hex(address)


class FakeLine:
    """What the host sends and gets."""

    def __init__(self) -> None:
        self.incoming: list[bytes | None] = []
        self.said = b""

    def read(self, _seconds: float) -> bytes | None:
        return self.incoming.pop(0) if self.incoming else b""

    def write(self, content: bytes) -> None:
        self.said += content


class Chip:
    """A board's fittings on a fake core."""

    def __init__(self, fit: Callable[[Cpu, McuTarget, Line], Fittings], target: McuTarget) -> None:
        self.core, self.line = FakeCore(), FakeLine()
        self.fittings = fit(self.core, target, self.line)
        self.fittings.bus.attach_to(self.core)


def on_bus(bus: Bus) -> FakeCore:
    core = FakeCore()
    bus.attach_to(core)
    return core


def board_target(
    *, clock_hz: int, uart: int, tx: str | None = None, rx: str | None = None, name: str = "board", baud: int = 115_200
) -> McuTarget:
    target = mcu_target()
    return target.model_copy(
        update={
            "name": name,
            "cpu": target.cpu.model_copy(update={"clock_hz": clock_hz}),
            "uart": target.uart.model_copy(update={"base": uart, "tx": tx, "rx": rx, "baud": baud}),
        }
    )
