"""Every STM32 family: its manual's start-up sequence talks, and each step that is left out is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from edgeprune.emulate.boards import stm32f4, stm32f7, stm32g0, stm32h7a3, stm32u5
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line, MisuseError
from edgeprune.targets import CacheShape, FlashTiming, McuTarget
from emulate.chips import Chip, FakeCore, board_target


@dataclass(frozen=True)
class Wrong:
    """What a firmware may do wrong; the defaults are right."""

    latency: int | None = None
    multiplier: int | None = None
    divider: int | None = None
    skip: str = ""


RIGHT = Wrong()


def f4(core: FakeCore, wrong: Wrong, *, hse: int, n: int, wait_states: int, apb: int, over_drive: bool) -> None:
    """RM0090 7.3, RM0390 5.1.4 and 6.3: HSE / m * n / 2."""
    rcc, pwr, flash = 0x4002_3800, 0x4000_7000, 0x4002_3C00
    core.set(rcc, 1 << 16)
    if wrong.skip != "HSERDY":
        core.wait_for(rcc, 1 << 17)
    core.set(rcc + 0x40, 1 << 28)
    m = wrong.divider or hse
    core.put(rcc + 0x04, m | (wrong.multiplier or n) << 6 | 1 << 22 | 8 << 24)
    core.set(rcc, 1 << 24)
    core.wait_for(rcc, 1 << 25)
    if over_drive and wrong.skip != "over-drive":
        core.set(pwr, 1 << 16)
        if wrong.skip != "ODRDY":
            core.wait_for(pwr + 4, 1 << 16)
        core.set(pwr, 1 << 17)
        core.wait_for(pwr + 4, 1 << 17)
    core.put(flash, 0x700 | (wait_states if wrong.latency is None else wrong.latency))
    core.change(rcc + 0x08, 7 << 10 | 7 << 13, 0 if wrong.skip == "PPRE" else apb)
    core.change(rcc + 0x08, 3, 2)
    core.wait_for(rcc + 0x08, 3 << 2, 2 << 2)


def f405(core: FakeCore, wrong: Wrong) -> None:
    f4(core, wrong, hse=25, n=336, wait_states=5, apb=5 << 10 | 4 << 13, over_drive=False)


def f446(core: FakeCore, wrong: Wrong) -> None:
    f4(core, wrong, hse=8, n=360, wait_states=5, apb=5 << 10 | 4 << 13, over_drive=True)


def f746(core: FakeCore, wrong: Wrong) -> None:
    f4(core, wrong, hse=25, n=432, wait_states=7, apb=5 << 10 | 4 << 13, over_drive=True)


def g0(core: FakeCore, wrong: Wrong) -> None:
    """RM0444 5.2.4: HSI 16 MHz * 8 / 2."""
    rcc, flash = 0x4002_1000, 0x4002_2000
    core.put(flash, 0x4_0700 | (2 if wrong.latency is None else wrong.latency))
    core.wait_for(flash, 7, 2 if wrong.latency is None else wrong.latency)
    m, n = wrong.divider or 1, wrong.multiplier or 8
    output = 0 if wrong.skip == "PLLREN" else 1 << 28
    core.put(rcc + 0x0C, 2 | (m - 1) << 4 | n << 8 | output | 1 << 29)
    core.set(rcc, 1 << 24)
    core.wait_for(rcc, 1 << 25)
    core.put(rcc + 0x08, 2)
    core.wait_for(rcc + 0x08, 7 << 3, 2 << 3)


def h7(core: FakeCore, wrong: Wrong) -> None:
    """RM0455 6.4 and 8.5: HSI 64 MHz / 16 * 70 / 1."""
    rcc, pwr, flash = 0x5802_4400, 0x5802_4800, 0x5200_2000
    if wrong.skip != "supply":
        core.put(pwr + 0x0C, 0x02 if wrong.skip == "step-down" else 0x04)
        core.wait_for(pwr + 0x04, 1 << 13)
    core.put(pwr + 0x18, 3 << 14)
    if wrong.skip != "VOSRDY":
        core.wait_for(pwr + 0x18, 1 << 13)
    core.put(flash, (6 if wrong.latency is None else wrong.latency) | (0 if wrong.skip == "WRHIGHFREQ" else 3 << 4))
    m, n = wrong.divider or 16, wrong.multiplier or 70
    core.put(rcc + 0x28, m << 4)
    core.put(rcc + 0x2C, 0x01FF_0000 | (0 if wrong.skip == "range" else 2 << 2))
    core.put(rcc + 0x30, n - 1 | 0 << 9)
    core.set(rcc, 1 << 24)
    core.wait_for(rcc, 1 << 25)
    if wrong.skip != "PPRE":
        core.put(rcc + 0x1C, 4 << 4 | 4 << 8)
    core.put(rcc + 0x10, 3)
    core.wait_for(rcc + 0x10, 7 << 3, 3 << 3)


def u5(core: FakeCore, wrong: Wrong) -> None:
    """RM0456 10.5.4 and 11.4.6: MSIS 4 MHz * 80 / 2."""
    rcc, pwr, flash = 0x4602_0C00, 0x4602_0800, 0x4002_2000
    if wrong.skip != "power clock":
        core.set(rcc + 0x94, 1 << 2)
    core.put(pwr + 0x0C, 3 << 16)
    if wrong.skip != "power clock":
        core.wait_for(pwr + 0x0C, 1 << 15)
    m, n = wrong.divider or 1, wrong.multiplier or 80
    core.put(rcc + 0x28, 1 | (m - 1) << 8 | 1 << 18)
    core.put(rcc + 0x34, n - 1 | 1 << 24)
    if wrong.skip != "booster":
        core.set(pwr + 0x0C, 1 << 18)
        if wrong.skip != "power clock":
            core.wait_for(pwr + 0x0C, 1 << 14)
    core.set(rcc, 1 << 24)
    core.wait_for(rcc, 1 << 25)
    core.put(flash, 0x100 | (4 if wrong.latency is None else wrong.latency))
    core.put(rcc + 0x1C, 3)
    core.wait_for(rcc + 0x1C, 3 << 2)


@dataclass(frozen=True)
class Family:
    fit: Callable[[Cpu, McuTarget, Line], Fittings]
    clock: Callable[[FakeCore, Wrong], None]
    hz: int
    uart_hz: int
    uart: int
    gate: tuple[int, int]
    ports: dict[str, tuple[int, tuple[int, int]]]
    tx: str
    rx: str
    function: int
    old: bool = False

    def target(self) -> McuTarget:
        return board_target(clock_hz=self.hz, uart=self.uart, tx=self.tx, rx=self.rx)

    def chip(self) -> Chip:
        return Chip(self.fit, self.target())

    def route(self, core: FakeCore, function: int | None = None) -> None:
        for pin in (self.tx, self.rx):
            base, (gate, bit) = self.ports[pin[1]]
            number = int(pin[2:])
            core.set(gate, 1 << bit)
            core.change(base, 3 << 2 * number, 2 << 2 * number)
            alternate = base + 0x20 + 4 * (number // 8)
            chosen = self.function if function is None else function
            core.change(alternate, 15 << 4 * (number % 8), chosen << 4 * (number % 8))

    def start_uart(self, core: FakeCore, divider: int | None = None) -> None:
        register, bit = self.gate
        core.set(register, 1 << bit)
        brr, cr1, bits = (0x08, 0x0C, 0x200C) if self.old else (0x0C, 0x00, 0x0D)
        core.put(self.uart + brr, divider or round(self.uart_hz / 115_200))
        core.put(self.uart + cr1, bits)

    @property
    def status(self) -> int:
        return self.uart + (0x00 if self.old else 0x1C)

    def say(self, core: FakeCore, text: bytes) -> None:
        for byte in text:
            core.wait_for(self.status, 1 << 7)
            core.put(self.uart + (0x04 if self.old else 0x28), byte)
        core.wait_for(self.status, 1 << 6)

    def hear(self, core: FakeCore) -> int:
        core.wait_for(self.status, 1 << 5)
        return core.word(self.uart + (0x04 if self.old else 0x24))


F4_PORTS = {"A": (0x4002_0000, (0x4002_3830, 0)), "B": (0x4002_0400, (0x4002_3830, 1))}
FAMILIES = {
    "f405": Family(stm32f4.fit, f405, 168_000_000, 84_000_000, 0x4001_1000, (0x4002_3844, 4), F4_PORTS,
                   "PA9", "PA10", 7, old=True),
    "f446": Family(stm32f4.fit, f446, 180_000_000, 45_000_000, 0x4000_4400, (0x4002_3840, 17), F4_PORTS,
                   "PA2", "PA3", 7, old=True),
    "f746": Family(stm32f7.fit, f746, 216_000_000, 108_000_000, 0x4001_1000, (0x4002_3844, 4), F4_PORTS,
                   "PA9", "PB7", 7),
    "g0": Family(stm32g0.fit, g0, 64_000_000, 64_000_000, 0x4000_4400, (0x4002_103C, 17),
                 {"A": (0x5000_0000, (0x4002_1034, 0))}, "PA2", "PA3", 1),
    "h7": Family(stm32h7a3.fit, h7, 280_000_000, 140_000_000, 0x4000_4800, (0x5802_4548, 18),
                 {"D": (0x5802_0C00, (0x5802_4540, 3))}, "PD8", "PD9", 7),
    "u5": Family(stm32u5.fit, u5, 160_000_000, 160_000_000, 0x4001_3800, (0x4602_0CA4, 14),
                 {"A": (0x4202_0000, (0x4602_0C8C, 0))}, "PA9", "PA10", 7),
}  # fmt: skip


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


def started(family: Family) -> Chip:
    chip = family.chip()
    family.clock(chip.core, RIGHT)
    family.route(chip.core)
    family.start_uart(chip.core)
    return chip


def test_the_manuals_sequence_talks_both_ways(family: Family) -> None:
    chip = started(family)
    family.say(chip.core, b"hello\n")
    assert chip.line.said == b"hello\n"
    chip.line.incoming = [b"", b"ab"]
    assert [family.hear(chip.core), family.hear(chip.core)] == [ord("a"), ord("b")]
    assert chip.core.waited > 0


def test_a_reset_brings_it_all_back(family: Family) -> None:
    chip = started(family)
    family.say(chip.core, b"one\n")
    chip.fittings.bus.reset()
    assert chip.core.word(family.status) == 0
    family.clock(chip.core, RIGHT)
    family.route(chip.core)
    family.start_uart(chip.core)
    family.say(chip.core, b"two\n")
    assert chip.line.said == b"one\ntwo\n"


def test_pins_must_be_routed(family: Family) -> None:
    chip = started(family)
    family.route(chip.core, (family.function + 1) % 16)
    with pytest.raises(MisuseError, match=f"not connected to {family.tx}"):
        family.say(chip.core, b"x")


def test_the_core_clock_must_be_the_profiles(family: Family) -> None:
    chip = family.chip()
    family.route(chip.core)
    family.start_uart(chip.core, 1000)
    with pytest.raises(MisuseError, match=r"core's clock to .* MHz, the profile of .* says"):
        family.say(chip.core, b"x")


@pytest.mark.parametrize(
    ("timing", "message"),
    [
        ({"wait_states": 6}, "set 5 flash wait states, the profile of board says 6"),
        ({"prefetch": False}, "left the flash's prefetch on, the profile of board has it off"),
        ({"data_cache": None}, "left the flash's data cache on"),
    ],
)
def test_the_flash_must_be_set_up_as_the_profile_counts_it(timing: dict[str, object], message: str) -> None:
    cache = CacheShape(sets=1, ways=64, line_bytes=16)
    right = {"wait_states": 5, "word_bytes": 16, "prefetch": True, "instruction_cache": cache, "data_cache": cache}
    for changes, match in (({}, None), (timing, message)):
        family = FAMILIES["f405"]
        target = family.target()
        flash = FlashTiming.model_validate({**right, **changes, "source": "RM0090"})
        chip = Chip(family.fit, target.model_copy(update={"flash": target.flash.model_copy(update={"timing": flash})}))
        family.clock(chip.core, RIGHT)
        family.route(chip.core)
        family.start_uart(chip.core)
        if match is None:
            family.say(chip.core, b"x")
        else:
            with pytest.raises(MisuseError, match=match):
                family.say(chip.core, b"x")


@pytest.mark.parametrize("percent", [-3, 3, 100])
def test_a_wrong_divider_garbles(family: Family, percent: float) -> None:
    chip = started(family)
    chip.core.put(family.uart + (0x0C if family.old else 0x00), 0)
    family.start_uart(chip.core, round(family.uart_hz / 115_200 * (1 + percent / 100)))
    family.say(chip.core, b"hello")
    chip.fittings.port.flush()
    assert all(a != b for a, b in zip(chip.line.said, b"hello", strict=True))


WRONG = [
    ("f405", Wrong(latency=4), "168 MHz with 4 flash wait states; RM0090 .* asks for 5"),
    ("f405", Wrong(skip="HSERDY"), "before its source HSE runs; wait for HSERDY"),
    ("f405", Wrong(skip="PPRE"), "APB1 runs at 168 MHz, above its 42 MHz"),
    ("f405", Wrong(multiplier=340), "system clock is 170 MHz in voltage scale 1"),
    ("f405", Wrong(divider=10), r"input of the PLL .* is 2.5 MHz, outside 1 to 2"),
    ("f405", Wrong(multiplier=40), "PLLN 50 to 432"),
    ("f405", Wrong(multiplier=432, divider=13), r"PLL's oscillator .* is 830.769 MHz, outside 100 to 432"),
    ("f446", Wrong(latency=4), "180 MHz with 4 flash wait states; RM0390"),
    ("f446", Wrong(skip="over-drive"), "180 MHz in voltage scale 1 without over-drive, where 168 MHz"),
    ("f446", Wrong(skip="ODRDY"), "ODSWEN was set before ODRDY"),
    ("f746", Wrong(latency=6), "216 MHz with 6 flash wait states; RM0385 .* asks for 7"),
    ("f746", Wrong(skip="over-drive"), "216 MHz in voltage scale 1 without over-drive, where 180 MHz"),
    ("g0", Wrong(latency=1), "64 MHz with 1 flash wait states; RM0444 .* asks for 2"),
    ("g0", Wrong(multiplier=9), "system clock is 72 MHz in voltage range 1"),
    ("g0", Wrong(multiplier=87), "PLLN is 87"),
    ("g0", Wrong(divider=7), r"input of the PLL .* is 2.28571 MHz"),
    ("g0", Wrong(skip="PLLREN"), "no output R"),
    ("h7", Wrong(latency=5), "280 MHz with 5 flash wait states; RM0455 table 16 asks for 6"),
    ("h7", Wrong(skip="WRHIGHFREQ"), "WRHIGHFREQ is 0 at 280 MHz"),
    ("h7", Wrong(skip="supply"), "before the supply was chosen"),
    ("h7", Wrong(skip="step-down"), "wired for the step-down converter alone"),
    ("h7", Wrong(skip="VOSRDY"), r"280 MHz in VOS3 \(PWR_SRDCR.VOSRDY is 0\), where 88 MHz"),
    ("h7", Wrong(skip="range"), "PLL1RGE = 0 is 4 MHz, outside 1 to 2"),
    ("h7", Wrong(skip="PPRE"), "APB1 runs at 280 MHz, above its 140 MHz"),
    ("h7", Wrong(multiplier=141), "PLL1's oscillator .* is 564 MHz"),
    ("u5", Wrong(latency=3), "160 MHz with 3 flash wait states; RM0456 .* asks for 4"),
    ("u5", Wrong(skip="booster"), r"160 MHz in voltage range 1 without the EPOD booster .*, where 55 MHz"),
    ("u5", Wrong(skip="power clock"), "voltage range 4"),
    ("u5", Wrong(divider=2), r"input of PLL1 with PLL1RGE = 0 is 2 MHz"),
    ("u5", Wrong(multiplier=140), "PLL1's oscillator .* is 560 MHz"),
]


@pytest.mark.parametrize(("name", "wrong", "message"), WRONG)
def test_what_the_manual_forbids_is_told(name: str, wrong: Wrong, message: str) -> None:
    family = FAMILIES[name]
    with pytest.raises(MisuseError, match=message):
        family.clock(family.chip().core, wrong)
