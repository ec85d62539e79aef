"""RP2040 against its datasheet, from the boot ROM on."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edgeprune.emulate.boards import load_board
from edgeprune.emulate.boards.rp2040 import fit
from edgeprune.emulate.peripherals import MisuseError
from edgeprune.emulate.peripherals.rp2040_flash import boot_checksum
from edgeprune.errors import DeviceError
from edgeprune.targets import McuTarget
from emulate.chips import Chip, FakeCore, FakeLine, board_target, compile_firmware

FLASH = 0x1000_0000
RESETS, CLOCKS, XOSC, PLL_SYS, IO_BANK0, UART0 = (
    0x4000_C000, 0x4000_8000, 0x4002_4000, 0x4002_8000, 0x4001_4000, 0x4003_4000
)  # fmt: skip
SSI, CLEAR = 0x1800_0000, 0x3000
BLOCKS = {"io_bank0": 5, "pads_bank0": 8, "pll_sys": 12, "uart0": 22}


def pico(**changes: object) -> McuTarget:
    target = board_target(clock_hz=125_000_000, uart=UART0, tx="GP0", rx="GP1")
    return target.model_copy(
        update={
            "platform": "rp2040",
            "cpu": target.cpu.model_copy(update={"core": "cortex-m0plus", "fpu": None, "clock_hz": 125_000_000}),
            "flash": target.flash.model_copy(update={"base": FLASH, "size": 0x20_0000}),
            "ram": target.ram.model_copy(update={"base": 0x2000_0000, "size": 0x4_0000}),
            **changes,
        }
    )


def image_of(boot2: bytes, checksum: int | None = None) -> dict[int, int]:
    content = boot2.ljust(252, b"\0")
    content += struct.pack("<I", boot_checksum(content) if checksum is None else checksum)
    return dict(enumerate(content, start=FLASH))


@pytest.fixture
def chip() -> Chip:
    return Chip(fit, pico(), image_of(b""))


def release(core: FakeCore, block: str) -> None:
    core.put(RESETS + CLEAR, 1 << BLOCKS[block])
    core.wait_for(RESETS + 8, 1 << BLOCKS[block])


def crystal(core: FakeCore, delay: int = 47) -> None:
    core.put(XOSC + 0x0C, delay)
    core.put(XOSC, 0xFABAA0)


def pll(core: FakeCore, *, factor: int = 125, first: int = 6, second: int = 2, refdiv: int = 1) -> None:
    """12 MHz * 125 / 6 / 2."""
    release(core, "pll_sys")
    core.put(PLL_SYS, refdiv)
    core.put(PLL_SYS + 8, factor)
    core.put(PLL_SYS + 4 + CLEAR, 1 << 0 | 1 << 5)
    core.wait_for(PLL_SYS, 1 << 31)
    core.put(PLL_SYS + 0xC, first << 16 | second << 12)
    core.put(PLL_SYS + 4 + CLEAR, 1 << 3)


def switch(core: FakeCore) -> None:
    core.put(CLOCKS + 0x30, 2)
    core.wait_for(CLOCKS + 0x38, 1 << 2)
    core.put(CLOCKS + 0x3C, 0 << 5)
    core.put(CLOCKS + 0x3C, 0 << 5 | 1)
    core.wait_for(CLOCKS + 0x44, 1 << 1)
    core.put(CLOCKS + 0x48, 1 << 11)


def clock(core: FakeCore, **settings: int) -> None:
    crystal(core)
    core.wait_for(XOSC + 4, 1 << 31)
    pll(core, **settings)
    switch(core)


def start_uart(core: FakeCore, *, function: int = 2, divider: float = 125e6 / 16 / 115_200, latch: bool = True) -> None:
    for block in ("io_bank0", "pads_bank0", "uart0"):
        release(core, block)
    core.put(IO_BANK0 + 4, function)
    core.put(IO_BANK0 + 12, function)
    core.put(UART0 + 0x24, int(divider))
    core.put(UART0 + 0x28, round(divider % 1 * 64))
    if latch:
        core.put(UART0 + 0x2C, 0x70)
    core.put(UART0 + 0x30, 0x301)


def say(core: FakeCore, text: bytes) -> None:
    for byte in text:
        core.wait_for(UART0 + 0x18, 1 << 5, 0)
        core.put(UART0, byte)
    core.wait_for(UART0 + 0x18, 1 << 3, 0)


def test_the_datasheets_sequence_talks_both_ways(chip: Chip) -> None:
    clock(chip.core)
    start_uart(chip.core)
    say(chip.core, b"hello\n")
    assert chip.line.said == b"hello\n"
    chip.line.incoming = [b"", b"ab"]
    for expected in b"ab":
        chip.core.wait_for(UART0 + 0x18, 1 << 4, 0)
        assert chip.core.word(UART0) == expected
    assert chip.core.word(UART0 + 0x18) & 1 << 4


def test_a_block_in_reset_does_not_answer(chip: Chip) -> None:
    core = chip.core
    assert core.word(IO_BANK0 + 4) == 0
    core.put(IO_BANK0 + 4, 2)
    release(core, "io_bank0")
    assert core.word(IO_BANK0 + 4) == 0x1F


def test_the_uart_leaves_reset_only_with_its_clock(chip: Chip) -> None:
    core = chip.core
    core.put(RESETS + CLEAR, 1 << BLOCKS["uart0"])
    assert not any(core.word(RESETS + 8) & 1 << BLOCKS["uart0"] for _ in range(5))
    core.put(CLOCKS + 0x48, 1 << 11)
    core.wait_for(RESETS + 8, 1 << BLOCKS["uart0"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"factor": 132, "second": 1}, "cores were switched to 264 MHz; 133 MHz is the most"),
        ({"factor": 62}, "oscillator is set to 744 MHz, outside 750 to 1600"),
        ({"factor": 134}, "oscillator is set to 1608 MHz, outside 750 to 1600"),
        ({"factor": 321}, "FBDIV_INT is 321"),
        ({"refdiv": 3}, "5 MHz is the least"),
        ({"first": 0}, "divides by 0 and 2"),
    ],
)
def test_a_pll_outside_its_limits_is_told(chip: Chip, settings: dict[str, int], message: str) -> None:
    with pytest.raises(MisuseError, match=message):
        clock(chip.core, **settings)


def test_the_crystal_needs_its_time(chip: Chip) -> None:
    with pytest.raises(MisuseError, match=r"STARTUP.DELAY is 10; a crystal of 12 MHz needs 1 ms, which is 46"):
        crystal(chip.core, delay=10)
    crystal(chip.core)
    with pytest.raises(MisuseError, match="before the crystal is stable"):
        pll(chip.core)


def test_the_system_clock_is_switched_by_way_of_the_reference(chip: Chip) -> None:
    clock(chip.core)
    with pytest.raises(MisuseError, match="AUXSRC was changed while SRC uses it"):
        chip.core.put(CLOCKS + 0x3C, 3 << 5 | 1)


def test_a_pll_that_is_not_locked_is_told(chip: Chip) -> None:
    crystal(chip.core)
    with pytest.raises(MisuseError, match="PLL_SYS is used before it is locked"):
        chip.core.put(CLOCKS + 0x3C, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"function": 3}, "GP0 is not connected to the UART: IO_BANK0 GPIO0_CTRL.FUNCSEL is not 2")],
)
def test_a_pin_that_is_not_routed_is_told(chip: Chip, settings: dict[str, int], message: str) -> None:
    clock(chip.core)
    start_uart(chip.core, **settings)
    with pytest.raises(MisuseError, match=message):
        say(chip.core, b"x")


def test_pads_must_be_on(chip: Chip) -> None:
    clock(chip.core)
    start_uart(chip.core)
    chip.core.set(0x4001_C004, 1 << 7)
    with pytest.raises(MisuseError, match="output of pad GP0 is disabled"):
        say(chip.core, b"x")


def test_the_clock_must_be_the_profiles(chip: Chip) -> None:
    chip.core.put(CLOCKS + 0x48, 1 << 11)
    start_uart(chip.core)
    with pytest.raises(MisuseError, match=r"core's clock to 6.5 MHz, the profile of board says 125 MHz"):
        say(chip.core, b"x")


def test_a_wrong_rate_and_one_that_is_not_latched_garble() -> None:
    for settings in ({"divider": 40.0}, {"latch": False}):
        chip = Chip(fit, pico(), image_of(b""))
        clock(chip.core)
        start_uart(chip.core, **settings)
        say(chip.core, b"hello")
        chip.fittings.port.flush()
        assert all(a != b for a, b in zip(chip.line.said, b"hello", strict=True))


def flash_settings(core: FakeCore, *, divider: int = 4, control: int = 0x001F_0300, command: int = 0x0300_0218) -> None:
    core.put(SSI + 8, 0)
    core.put(SSI + 0x14, divider)
    core.put(SSI, control)
    core.put(SSI + 0xF4, command)
    core.put(SSI + 8, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"divider": 2}, r"clocked with 62.5 MHz \(BAUDR = 2\); its read command 0x03 takes 50 MHz"),
        ({"divider": 1}, "BAUDR must be 2"),
        ({"control": 0x001F_0000}, "not enabled for reading memory"),
        ({"control": 0x005F_0300, "command": 0xA000_2022}, "status bit QE is 0"),
        ({"command": 0x0200_0218}, "command 0x02, which is no read"),
    ],
)
def test_a_flash_that_cannot_be_read_is_told(chip: Chip, settings: dict[str, int], message: str) -> None:
    clock(chip.core)
    start_uart(chip.core)
    flash_settings(chip.core, **settings)
    with pytest.raises(MisuseError, match=message):
        say(chip.core, b"x")


def test_quad_reads_work_once_the_flash_knows(chip: Chip) -> None:
    """The steps of a second stage for a W25Q: look at status 2, write both, look again, read by quad."""
    core = chip.core
    core.put(SSI + 8, 0)
    core.put(SSI, 0x0007_0000)
    core.put(SSI + 8, 1)

    def command(*sent: int) -> list[int]:
        for byte in sent:
            core.put(SSI + 0x60, byte)
        core.wait_for(SSI + 0x28, 1 << 2)
        core.wait_for(SSI + 0x28, 1, 0)
        return [core.word(SSI + 0x60) for _ in sent]

    assert command(0x35, 0) == [0, 0]
    command(0x01, 0x00, 0x02)
    assert command(0x35, 0) == [0, 0]  # without write enable nothing is written
    command(0x06)
    command(0x01, 0x00, 0x02)
    assert command(0x05, 0)[1] & 1 == 0
    assert command(0x35, 0) == [0, 2]
    flash_settings(core, divider=2, control=0x005F_0300, command=0xA000_2022)
    clock(core)
    start_uart(core)
    say(core, b"fast\n")
    assert chip.line.said == b"fast\n"


def test_settings_of_a_running_flash_interface_are_told(chip: Chip) -> None:
    with pytest.raises(MisuseError, match="while SSIENR is 1"):
        chip.core.put(SSI + 0x14, 4)


def test_the_boot_rom_refuses_a_wrong_checksum() -> None:
    with pytest.raises(DeviceError, match=r"boot ROM does not start it.*the image says 00000001"):
        Chip(fit, pico(), image_of(b"", 1))


def test_the_checksum_is_the_datasheets() -> None:
    # CRC-32/MPEG-2 has the same parameters; its catalogued check value:
    assert boot_checksum(b"123456789") == 0x0376_E6E7


BOOT2 = """
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .boot2, "ax"
    push {lr}
    pop {r0}
    cmp r0, #0
    bne back
    ldr r0, =0x10000100
    ldr r1, =0xE000ED08
    str r0, [r1]
    ldmia r0, {r0, r1}
    msr msp, r0
    bx r1
back:
    bx r0
    .ltorg
    .fill 252 - (. - 0b), 1, 0
"""

MAIN = """
#include <stdint.h>
#define REG(address) (*(volatile uint32_t *)(address))
extern uint32_t stack_top[];
void start(void);
__attribute__((section(".vectors"), used)) const void *const vectors[] = {stack_top, start};

static void release(uint32_t bit) {
    REG(0x4000F000) = 1u << bit;
    while (!(REG(0x4000C008) >> bit & 1)) { }
}

void start(void) {
    REG(0x40024000) = 0xFABAA0;
    while (!(REG(0x40024004) >> 31)) { }
    release(12);
    REG(0x40028000) = 1;
    REG(0x40028008) = 125;
    REG(0x4002B004) = 1u | 1u << 5;
    while (!(REG(0x40028000) >> 31)) { }
    REG(0x4002800C) = 6u << 16 | 2u << 12;
    REG(0x4002B004) = 1u << 3;
    REG(0x40008030) = 2;
    while (!(REG(0x40008038) & 4)) { }
    REG(0x4000803C) = 1;
    REG(0x40008048) = 1u << 11;
    release(5);
    release(8);
    release(22);
    REG(0x40014004) = 2;
    REG(0x4001400C) = 2;
    REG(0x40034024) = 67;
    REG(0x40034028) = 52;
    REG(0x4003402C) = 0x70;
    REG(0x40034030) = 0x301;
    for (const char *text = "booted\\n"; *text; text++) {
        REG(0x40034000) = (uint32_t)*text;
    }
    for (;;) {
        if (!(REG(0x40034018) & 1u << 4)) {
            REG(0x40034000) = REG(0x40034000) + 1;
        }
    }
}
"""


def with_checksum(elf: Path) -> Path:
    """Fill in the word after boot2, as a linker cannot."""
    content = bytearray(elf.read_bytes())
    place = struct.unpack_from("<I", content, struct.unpack_from("<I", content, 28)[0] + 4)[0]
    struct.pack_into("<I", content, place + 252, boot_checksum(bytes(content[place : place + 252])))
    elf.write_bytes(content)
    return elf


def test_an_image_boots_from_the_rom_through_boot2(tmp_path: Path) -> None:
    boot2 = BOOT2.replace('.section .boot2, "ax"', '.section .boot2, "ax"\n0:').replace("1, 0\n", "1, 0\n    .word 0\n")
    elf = with_checksum(
        compile_firmware(
            tmp_path, {"boot2.S": boot2, "main.c": MAIN}, cpu="cortex_m0plus", flash=FLASH, ram=0x2000_0000
        )
    )
    line = FakeLine()
    line.incoming = [b"abc\n", b"", None]
    load_board(elf, pico(), line).run()
    assert line.said == b"booted\nbcd\x0b"
