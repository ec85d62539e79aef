"""A firmware image that this project did not build, on a board that it does not know."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from intelhex import IntelHex

from edgeprune.emulate import (
    Board,
    Bus,
    Core,
    CpuFaultError,
    Fittings,
    Image,
    Line,
    RegisterFile,
    load_image,
    monitored_windows,
)
from edgeprune.emulate.peripherals.stm32_gpio import Stm32Gpio
from edgeprune.emulate.peripherals.stm32_usart_v1 import Stm32UsartV1
from edgeprune.targets import McuTarget
from emulate.chips import FakeLine, compile_firmware

# -- the board: begin

FLASH = 0x0800_0000
TARGET = McuTarget.model_validate(
    {
        "name": "somebodys-f4",
        "title": "A board of somebody else",
        "kind": "mcu",
        "platform": "none",
        "emulated": True,
        "dtypes": ["int8"],
        "stack_bytes": 1024,
        "cpu": {"core": "cortex-m4", "clock_hz": 16_000_000},
        "flash": {"base": FLASH, "size": 0x8_0000},
        "ram": {"base": 0x2000_0000, "size": 0x8000},
        "uart": {"base": 0x4000_4400, "baud": 115_200},
    }
)


class Led:
    """Counts how often pin PA5 goes on; a device of one's own is two methods and a reset."""

    def __init__(self, port: Stm32Gpio) -> None:
        self._port, self.flashes = port, 0

    def reset(self) -> None:
        self._port.reset()

    def read(self, offset: int) -> int:
        return self._port.read(offset)

    def write(self, offset: int, value: int) -> None:
        before = self._port.read(0x10)
        self._port.write(offset, value)
        self.flashes += bool(~before & self._port.read(0x10) & 1 << 5)


class SomebodysBoard(Board):
    """An STM32F4 that runs from its internal oscillator, with a USART and a light."""

    def __init__(self, image: Image, line: Line) -> None:
        core = Core(image, TARGET)
        self.led = Led(Stm32Gpio(moder=0xA800_0000))
        usart = Stm32UsartV1(core, line, TARGET.uart.baud, clock_hz=lambda: 16e6, name="USART2", irq=38)
        bus = Bus()
        bus.add(RegisterFile(), 0x4002_3800)
        bus.add(self.led, 0x4002_0000)
        bus.add(usart, TARGET.uart.base)
        super().__init__(core, Fittings(bus, usart))


# -- the board: end


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = Path(__file__).parent / "foreign_firmware" / "main.c"
    folder = tmp_path_factory.mktemp("foreign")
    return compile_firmware(folder, {"main.c": source.read_text()}, cpu="cortex_m4", flash=FLASH, ram=0x2000_0000)


def as_elf(elf: Path) -> Image:
    return load_image(elf)


def as_bin(elf: Path) -> Image:
    content = bytearray()
    for segment in load_image(elf).segments:
        end = segment.address - FLASH + len(segment.content)
        content += bytes(max(0, end - len(content)))
        content[segment.address - FLASH : end] = segment.content
    path = elf.with_suffix(".bin")
    path.write_bytes(content)
    return load_image(path, FLASH)


def as_hex(elf: Path) -> Image:
    text = IntelHex()
    for segment in load_image(elf).segments:
        text.puts(segment.address, segment.content)
    path = elf.with_suffix(".hex")
    text.write_hex_file(str(path))
    return load_image(path)


def replies(*lines: bytes) -> bytes:
    return b"".join(b"%08x+\n" % zlib.crc32(line) for line in lines)


@pytest.mark.parametrize("load", [as_elf, as_bin, as_hex])
def test_it_answers_from_every_kind_of_file(elf: Path, load: Callable[[Path], Image]) -> None:
    line = FakeLine()
    line.incoming = [b"", b"", b"hello\n", b"", b"wor", b"ld\n", b"", None]
    board = SomebodysBoard(load(elf), line)
    board.run()
    assert line.said == b"up\n" + replies(b"hello", b"world")
    assert board.led.flashes == 10


def test_windows_are_measured_and_told_apart_by_function(elf: Path) -> None:
    line = FakeLine()
    line.incoming = [b"ab\n", b"", None]
    board = SomebodysBoard(load_image(elf), line)
    with monitored_windows(board.core, "work_begins", "work_ends") as windows:
        board.run()
    assert len(windows) == 2
    for window in windows:
        by_name = {function.name: function for function in window.functions}
        assert (
            {"work_begins", "checksum"} <= set(by_name) <= {"work_begins", "checksum", "run", "Start", "USART2_Handler"}
        )
        assert by_name["checksum"].instructions > 8 * 3
        assert sum(function.instructions for function in window.functions) == window.instructions
        assert window.functions[0].name == "checksum"
    # The same byte costs the same again, to the cycle.
    line.incoming = [b"ab\n", b"", None]
    with monitored_windows(board.core, "work_begins", "work_ends") as again:
        board.run()
    assert [w.functions[0] for w in again] == [w.functions[0] for w in windows]


def test_an_address_without_a_device_faults(elf: Path) -> None:
    core = Core(load_image(elf), TARGET)
    usart = Stm32UsartV1(core, FakeLine(), TARGET.uart.baud, clock_hz=lambda: 16e6, name="USART2")
    bus = Bus()
    bus.add(usart, TARGET.uart.base)
    # Its vector table has no handler for that, so the core locks up in the second fault.
    with pytest.raises(CpuFaultError, match="locked up"):
        Board(core, Fittings(bus, usart)).run()
    assert core.last_fault is not None
    assert "read from 0x40023830, where no memory is, at" in core.last_fault
    assert "(Start+" in core.last_fault


def test_the_board_is_short() -> None:
    source = Path(__file__).read_text()
    assert source.split("# -- the board: begin")[1].split("# -- the board: end")[0].count("\n") <= 100
