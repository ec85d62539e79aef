"""Devices without a core: a test plays the firmware, register by register."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from edgeprune.emulate.access import Peripheral
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.image import Image
from edgeprune.emulate.peripherals import Line
from edgeprune.targets import McuTarget
from emulate.firmware import mcu_target


class FakeCore:
    """Takes what devices tell a core; `word` and `put` are the firmware's loads and stores."""

    def __init__(self, memory: dict[int, int] | None = None) -> None:
        self.pages: dict[int, Peripheral] = {}
        self.pending: set[int] = set()
        self.waited = 0.0
        self.stopped = False
        self.memory = dict(memory or {})
        self.image = Image(Path("firmware.elf"), (), (), ())
        self.system = SimpleNamespace(reset_vectors=None)

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

    def map_memory(self, base: int, size: int, writable: bool = True) -> None:
        self.memory |= dict.fromkeys(range(base, base + size), 0)

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

    def __init__(
        self, fit: Callable[[Any, McuTarget, Line], Fittings], target: McuTarget, memory: dict[int, int] | None = None
    ) -> None:
        self.core, self.line = FakeCore(memory), FakeLine()
        self.fittings = fit(self.core, target, self.line)
        self.fittings.bus.attach_to(self.core)


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


def compile_firmware(
    folder: Path, sources: dict[str, str], *, cpu: str, flash: int, ram: int, ram_size: int = 0x8000
) -> Path:
    """Compile foreign sources: `.vectors` lies first in flash, the stack begins at the end of RAM."""
    script = f"""
    ENTRY(start)
    SECTIONS {{
        .text {flash:#x} : {{ KEEP(*(.boot2)) KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(4); }}
        load = .;
        .data {ram:#x} : AT(load) {{ data_start = .; *(.data*) . = ALIGN(4); data_end = .; }}
        .bss (NOLOAD) : {{ bss_start = .; *(.bss*) *(COMMON) . = ALIGN(4); bss_end = .; }}
        stack_top = {ram + ram_size:#x};
        /DISCARD/ : {{ *(.ARM*) }}
    }}"""
    for name, text in {**sources, "link.ld": script}.items():
        (folder / name).write_text(text)
    subprocess.run(
        [
            sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabi", f"-mcpu={cpu}", "-O1", "-g0",
            "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-sanitize=undefined", "-nostdlib", "-Wl,-T,link.ld",
            *sources, "-o", "firmware.elf",
        ],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return folder / "firmware.elf"
