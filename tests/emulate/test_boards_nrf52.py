"""nRF52840 against its product specification."""

from __future__ import annotations

import pytest

from edgeprune.emulate.boards.nrf52 import fit
from edgeprune.emulate.peripherals import MisuseError
from edgeprune.errors import TargetError
from emulate.chips import Chip, FakeCore, board_target

UART, P0 = 0x4000_2000, 0x5000_0000
RXDRDY, ENDRX, TXDRDY, ENDTX = UART + 0x108, UART + 0x110, UART + 0x11C, UART + 0x120
PSEL_TXD, PSEL_RXD, ENABLE, BAUDRATE = UART + 0x50C, UART + 0x514, UART + 0x500, UART + 0x524
BAUD_115200 = 0x01D6_0000


def pins(core: FakeCore, *, skip: str = "") -> None:
    core.put(P0 + 0x508, 0 if skip == "level" else 1 << 6)
    core.put(P0 + 0x700 + 4 * 6, 2 if skip == "direction" else 3)
    if skip != "input":
        core.put(P0 + 0x700 + 4 * 8, 0)
    if skip != "TXD":
        core.put(PSEL_TXD, 6)
    core.put(PSEL_RXD, 7 if skip == "RXD" else 8)


def start(core: FakeCore, mode: int, baud: int = BAUD_115200) -> None:
    core.put(BAUDRATE, baud)
    core.put(ENABLE, mode)
    if mode == 4:
        core.put(UART, 1)
        core.put(UART + 8, 1)


def say(core: FakeCore, text: bytes) -> None:
    """As UART, byte by byte."""
    for byte in text:
        core.put(TXDRDY, 0)
        core.put(UART + 0x51C, byte)
        core.wait_for(TXDRDY, 1)


def send_buffer(core: FakeCore, text: bytes, place: int = 0x2000_0100) -> None:
    core.write(place, text)
    core.put(ENDTX, 0)
    core.put(UART + 0x544, place)
    core.put(UART + 0x548, len(text))
    core.put(UART + 8, 1)
    core.wait_for(ENDTX, 1)
    assert core.word(UART + 0x54C) == len(text)


@pytest.fixture
def chip() -> Chip:
    return Chip(fit, board_target(clock_hz=64_000_000, uart=UART, tx="P0.06", rx="P0.08"))


def test_the_uart_talks_byte_by_byte(chip: Chip) -> None:
    core = chip.core
    pins(core)
    start(core, 4)
    say(core, b"hello\n")
    assert chip.line.said == b"hello\n"
    chip.line.incoming = [b"ab"]
    for expected in b"ab":
        core.wait_for(RXDRDY, 1)
        core.put(RXDRDY, 0)  # before RXD is read, as the specification says
        assert core.word(UART + 0x518) == expected
    assert not core.word(RXDRDY)


def test_an_event_that_is_cleared_too_late_is_lost(chip: Chip) -> None:
    core = chip.core
    pins(core)
    start(core, 4)
    chip.line.incoming = [b"ab"]
    core.wait_for(RXDRDY, 1)
    assert core.word(UART + 0x518) == ord("a")
    core.put(RXDRDY, 0)
    assert not any(core.word(RXDRDY) for _ in range(5))


def test_the_uarte_talks_by_buffers(chip: Chip) -> None:
    core = chip.core
    pins(core)
    start(core, 8)
    send_buffer(core, b"hello\n")
    assert chip.line.said == b"hello\n"
    core.put(UART + 0x534, 0x2000_0200)
    core.put(UART + 0x538, 3)
    core.put(UART, 1)
    chip.line.incoming = [b"", b"abcd"]
    core.wait_for(ENDRX, 1)
    assert core.read(0x2000_0200, 4) == b"abc\0"
    assert core.word(UART + 0x53C) == 3
    core.put(ENDRX, 0)
    core.put(UART + 0x534, 0x2000_0300)
    core.put(UART, 1)
    core.word(ENDRX)
    assert core.read(0x2000_0300, 1) == b"d"
    core.put(UART + 4, 1)  # STOPRX ends a buffer that is not full
    assert core.word(ENDRX) == 1
    assert core.word(UART + 0x53C) == 1


def test_a_byte_at_a_time_with_the_short(chip: Chip) -> None:
    core = chip.core
    pins(core)
    start(core, 8)
    core.put(UART + 0x200, 1 << 5)
    core.put(UART + 0x534, 0x2000_0200)
    core.put(UART + 0x538, 1)
    core.put(UART, 1)
    chip.line.incoming = [b"xyz"]
    said = b""
    for _ in range(3):
        core.wait_for(ENDRX, 1)
        core.put(ENDRX, 0)
        said += core.read(0x2000_0200, 1)
    assert said == b"xyz"


def test_easydma_does_not_reach_flash(chip: Chip) -> None:
    pins(chip.core)
    start(chip.core, 8)
    with pytest.raises(MisuseError, match=r"TXD.PTR is 0x00001000.*RAM only"):
        send_buffer(chip.core, b"constant", 0x1000)


@pytest.mark.parametrize(
    ("skip", "message"),
    [
        ("TXD", r"PSEL.TXD selects nothing, the board's line is at P0.06"),
        ("RXD", r"PSEL.RXD selects P0.07, the board's line is at P0.08"),
        ("direction", r"P0.06 sends but is no output"),
        ("level", r"P0.06 idles low"),
        ("input", r"P0.08 receives but its input buffer"),
    ],
)
def test_a_pin_that_is_not_set_up_is_told(chip: Chip, skip: str, message: str) -> None:
    pins(chip.core, skip=skip)
    start(chip.core, 4)
    with pytest.raises(MisuseError, match=message):
        say(chip.core, b"x")


def test_pins_are_selected_before_the_uart_is_enabled(chip: Chip) -> None:
    start(chip.core, 4)
    with pytest.raises(MisuseError, match="while ENABLE is 4"):
        pins(chip.core)


@pytest.mark.parametrize("mode", [4, 8])
@pytest.mark.parametrize(("baud", "garbled"), [(BAUD_115200, False), (0x01D7_E000, False), (0x00EB_0000, True)])
def test_the_wrong_rate_garbles(chip: Chip, mode: int, baud: int, garbled: bool) -> None:
    pins(chip.core)
    start(chip.core, mode, baud)
    (say if mode == 4 else send_buffer)(chip.core, b"hello")
    chip.fittings.port.flush()
    assert all((a != b) == garbled for a, b in zip(chip.line.said, b"hello", strict=True))


def test_a_uart_that_is_off_says_nothing(chip: Chip) -> None:
    pins(chip.core)
    chip.core.put(UART + 0x51C, ord("x"))
    chip.fittings.port.flush()
    assert chip.line.said == b""


def test_interrupts_follow_events(chip: Chip) -> None:
    core = chip.core
    pins(core)
    start(core, 4)
    core.put(UART + 0x304, 1 << 2)
    chip.line.incoming = [b"ab"]
    assert chip.fittings.port.listen(0)
    for expected in b"ab":
        assert core.pending == {2}
        core.put(RXDRDY, 0)
        assert not core.pending
        assert core.word(UART + 0x518) == expected
        core.word(RXDRDY)
        chip.fittings.port.update_interrupt()
    core.put(UART + 0x308, 1 << 2)
    assert core.word(UART + 0x304) == 0


def test_directions_are_seen_from_both_sides(chip: Chip) -> None:
    core = chip.core
    core.put(P0 + 0x518, 1 << 6 | 1 << 3)
    assert core.word(P0 + 0x700 + 4 * 6) & 1
    core.put(P0 + 0x51C, 1 << 3)
    assert core.word(P0 + 0x514) == 1 << 6


def test_the_crystal_takes_time_to_start(chip: Chip) -> None:
    core = chip.core
    core.put(0x4000_0000, 1)
    assert not core.word(0x4000_0100)
    core.wait_for(0x4000_0100, 1)
    core.put(0x4000_0100, 0)
    assert not core.word(0x4000_0100)
    assert core.word(0x4000_040C) == 1 << 16 | 1


def test_factory_data_and_flash_controller(chip: Chip) -> None:
    core = chip.core
    assert core.word(0x1000_0100) == 0x52840
    core.put(0x1000_0100, 0)
    assert core.word(0x1000_0100) == 0x52840
    assert core.word(0x1000_1200) == 0xFFFF_FFFF
    core.put(0x4001_E540, 1)
    assert core.word(0x4001_E540) == 1
    assert core.word(0x4001_E400) == 1


def test_a_profile_that_fits_no_chip_is_the_users() -> None:
    with pytest.raises(TargetError, match="no UART at 0x40003000"):
        Chip(fit, board_target(clock_hz=64_000_000, uart=0x4000_3000, tx="P0.06", rx="P0.08"))
    with pytest.raises(TargetError, match=r"like P0.06, not P1.16"):
        Chip(fit, board_target(clock_hz=64_000_000, uart=UART, tx="P1.16", rx="P0.08"))
