"""STM32L4+ against RM0432: the right sequence talks, each wrong one is told."""

from __future__ import annotations

import pytest

from edgeprune.emulate.boards.stm32l4 import fit
from edgeprune.emulate.peripherals import MisuseError
from emulate.chips import Chip, FakeCore, board_target

RCC, FLASH, PWR, PORT_G, LPUART1 = 0x4002_1000, 0x4002_2000, 0x4000_7000, 0x4800_1800, 0x4000_8000
CR, CFGR, PLLCFGR, AHB2ENR, APB1ENR1, APB1ENR2 = (RCC + offset for offset in (0x00, 0x08, 0x0C, 0x4C, 0x58, 0x5C))
PLLON, PLLRDY, PLLREN = 1 << 24, 1 << 25, 1 << 24


@pytest.fixture
def chip() -> Chip:
    return Chip(fit, board_target(clock_hz=120_000_000, uart=LPUART1, tx="PG7", rx="PG8"))


def power(core: FakeCore, *, boost: bool = True, port_supply: bool = True) -> None:
    core.set(APB1ENR1, 1 << 28)
    if boost:
        core.put(PWR + 0x80, 0)
    if port_supply:
        core.set(PWR + 0x04, 1 << 9)


def clock(core: FakeCore, *, latency: int = 5, m: int = 1, n: int = 60, r: int = 2, half: bool = True) -> None:
    """MSI 4 MHz / m * n / r; 120 MHz unless asked otherwise."""
    core.put(FLASH, 0x700 | latency)
    core.put(PLLCFGR, 1 | (m - 1) << 4 | n << 8 | PLLREN | (r // 2 - 1) << 25)
    core.set(CR, PLLON)
    core.wait_for(CR, PLLRDY)
    core.put(CFGR, 3 | (8 << 4 if half else 0))
    core.wait_for(CFGR, 3 << 2)
    core.change(CFGR, 15 << 4, 0)


def route(core: FakeCore, *, function: int = 8, port_clock: bool = True) -> None:
    if port_clock:
        core.set(AHB2ENR, 1 << 6)
    core.change(PORT_G, 0xF << 14, 0xA << 14)
    core.put(PORT_G + 0x20, function << 28)
    core.put(PORT_G + 0x24, function)


def start_uart(core: FakeCore, divider: int = 256 * 120_000_000 // 115_200) -> None:
    core.set(APB1ENR2, 1)
    core.put(LPUART1 + 0x0C, divider)
    core.put(LPUART1, 0b1101)


def say(core: FakeCore, text: bytes) -> None:
    for byte in text:
        core.wait_for(LPUART1 + 0x1C, 1 << 7)
        core.put(LPUART1 + 0x28, byte)


def ready(chip: Chip) -> FakeCore:
    power(chip.core)
    clock(chip.core)
    route(chip.core)
    start_uart(chip.core)
    return chip.core


def test_the_manuals_sequence_talks_both_ways(chip: Chip) -> None:
    core = ready(chip)
    say(core, b"hello\n")
    assert chip.line.said == b"hello\n"
    chip.line.incoming = [b"", b"ab"]
    core.wait_for(LPUART1 + 0x1C, 1 << 5)
    assert core.waited > 0  # it polled in vain once
    assert core.word(LPUART1 + 0x24) == ord("a")
    core.wait_for(LPUART1 + 0x1C, 1 << 5)
    assert core.word(LPUART1 + 0x24) == ord("b")
    assert not core.word(LPUART1 + 0x1C) & 1 << 5


def test_a_closed_line_stops_the_core(chip: Chip) -> None:
    core = ready(chip)
    chip.line.incoming = [None]
    core.word(LPUART1 + 0x1C)
    assert not core.stopped
    core.word(LPUART1 + 0x1C)
    assert core.stopped


def test_ready_flags_take_time_and_follow_the_enable_bit(chip: Chip) -> None:
    core = chip.core
    core.set(CR, 1 << 8)
    assert not core.word(CR) & 1 << 10
    core.wait_for(CR, 1 << 10)
    core.put(CR, core.word(CR) & ~(1 << 8))
    assert not core.word(CR) & 1 << 10


def test_the_oscillator_in_use_cannot_be_switched_off(chip: Chip) -> None:
    chip.core.put(CR, 0)
    assert chip.core.word(CR) & 3 == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"latency": 3}, r"switched to 120 MHz with 3 flash wait states; RM0432 .* asks for 5"),
        ({"n": 61}, "system clock is 122 MHz"),
        ({"m": 2}, r"input of the PLL .* is 2 MHz, outside 2.66 to 16 MHz"),
        ({"n": 90, "r": 4}, r"PLL's oscillator .* is 360 MHz, outside 64 to 344 MHz"),
        ({"n": 7}, "PLLN is 7"),
        ({"half": False}, "HPRE to divide by 2"),
    ],
)
def test_a_wrong_clock_is_told(chip: Chip, settings: dict[str, int], message: str) -> None:
    power(chip.core)
    with pytest.raises(MisuseError, match=message):
        clock(chip.core, **settings)


def test_without_boost_the_core_must_stay_below_80_mhz(chip: Chip) -> None:
    power(chip.core, boost=False)
    with pytest.raises(MisuseError, match=r"120 MHz in voltage range 1 without boost.*80 MHz is the most"):
        clock(chip.core)


def test_the_power_block_ignores_writes_without_its_clock(chip: Chip) -> None:
    chip.core.put(PWR + 0x80, 0)
    assert chip.core.word(PWR + 0x80) == 0
    chip.core.set(APB1ENR1, 1 << 28)
    assert chip.core.word(PWR + 0x80) == 0x100


def test_wait_states_must_not_be_taken_back(chip: Chip) -> None:
    core = ready(chip)
    with pytest.raises(MisuseError, match="with 4 flash wait states"):
        core.put(FLASH, 0x704)


def test_the_pll_must_not_be_changed_while_it_runs(chip: Chip) -> None:
    core = ready(chip)
    with pytest.raises(MisuseError, match="while it is on"):
        core.change(PLLCFGR, 0x7F << 8, 40 << 8)


def test_the_pll_needs_its_source(chip: Chip) -> None:
    chip.core.put(PLLCFGR, 2 | 1 << 4 | 30 << 8 | PLLREN)
    with pytest.raises(MisuseError, match="before its source HSI runs"):
        chip.core.set(CR, PLLON)


def test_the_core_cannot_take_a_clock_that_is_off(chip: Chip) -> None:
    with pytest.raises(MisuseError, match="selects the PLL, which is off"):
        chip.core.put(CFGR, 3)


def test_a_crystal_that_the_board_lacks_is_told(chip: Chip) -> None:
    chip.core.set(CR, 1 << 16)
    chip.core.wait_for(CR, 1 << 17)
    with pytest.raises(MisuseError, match="no crystal"):
        chip.core.put(CFGR, 2)
        chip.core.word(CFGR)


def test_the_first_byte_checks_the_core_clock(chip: Chip) -> None:
    power(chip.core)
    clock(chip.core, n=40)
    route(chip.core)
    start_uart(chip.core, 256 * 80_000_000 // 115_200)
    with pytest.raises(MisuseError, match="core's clock to 80 MHz, the profile of board says 120 MHz"):
        say(chip.core, b"x")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"function": 7}, "PG7: the pin is not switched to alternate function 8"),
        ({"port_clock": False}, "clock of port G is off"),
    ],
)
def test_a_pin_that_is_not_routed_is_told(chip: Chip, settings: dict[str, int], message: str) -> None:
    power(chip.core)
    clock(chip.core)
    route(chip.core, **settings)
    start_uart(chip.core)
    with pytest.raises(MisuseError, match=message):
        say(chip.core, b"x")


def test_port_g_needs_its_supply(chip: Chip) -> None:
    power(chip.core, port_supply=False)
    clock(chip.core)
    route(chip.core)
    start_uart(chip.core)
    with pytest.raises(MisuseError, match="IOSV"):
        say(chip.core, b"x")


def test_a_uart_without_clock_is_silent_and_reads_0(chip: Chip) -> None:
    core = ready(chip)
    core.put(APB1ENR2, 0)
    assert core.word(LPUART1 + 0x1C) == 0
    core.put(LPUART1 + 0x28, ord("x"))
    core.put(APB1ENR2, 1)
    say(core, b"\n")
    assert chip.line.said == b"\n"


@pytest.mark.parametrize(("percent", "garbled"), [(-2.4, False), (2.4, False), (-3, True), (3, True), (50, True)])
def test_a_wrong_divider_garbles_both_directions(chip: Chip, percent: float, garbled: bool) -> None:
    power(chip.core)
    clock(chip.core)
    route(chip.core)
    start_uart(chip.core, round(256 * 120_000_000 / 115_200 / (1 + percent / 100)))
    say(chip.core, b"hello")
    chip.fittings.port.flush()
    assert len(chip.line.said) == 5
    assert all((a != b) == garbled for a, b in zip(chip.line.said, b"hello", strict=True))
    chip.line.incoming = [b"h"]
    chip.core.wait_for(LPUART1 + 0x1C, 1 << 5)
    assert (chip.core.word(LPUART1 + 0x24) != ord("h")) == garbled


def test_a_divider_is_written_before_the_uart_is_enabled(chip: Chip) -> None:
    core = ready(chip)
    with pytest.raises(MisuseError, match="while UE is set"):
        core.put(LPUART1 + 0x0C, 0x40000)
    core.put(LPUART1, 0)
    core.put(LPUART1 + 0x0C, 0x2FF)
    with pytest.raises(MisuseError, match=r"LPUART's must be in 0x300"):
        core.put(LPUART1, 1)


def test_interrupts_are_raised_while_their_cause_stays(chip: Chip) -> None:
    core = ready(chip)
    core.set(LPUART1, 1 << 5)
    assert not core.pending
    chip.line.incoming = [b"ab"]
    assert chip.fittings.port.listen(0)
    assert core.pending == {70}
    core.word(LPUART1 + 0x24)
    assert core.pending == {70}
    core.word(LPUART1 + 0x24)
    assert not core.pending
    core.set(LPUART1, 1 << 7)
    assert core.pending == {70}
    core.put(LPUART1, 0b1101)
    assert not core.pending


def test_a_reset_takes_everything_back(chip: Chip) -> None:
    core = ready(chip)
    chip.fittings.bus.reset()
    assert core.word(CR) == 0x63
    assert core.word(CFGR) == 0
    assert core.word(LPUART1 + 0x1C) == 0
    ready(chip)
    say(core, b"again\n")
    assert chip.line.said == b"again\n"
