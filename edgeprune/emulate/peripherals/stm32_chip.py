"""Reset, clocks, power and flash interface of an STM32: what is common to all families.

The three blocks check each other, so one object holds them.  Everything that decides the
core's clock is computed from what the firmware wrote, and the limits of the manual hold at
every moment: a switch to a clock for which the flash is still too slow, or the voltage too
low, raises `MisuseError` at the very write.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from edgeprune.emulate.peripherals.device import MisuseError
from edgeprune.emulate.peripherals.registers import Field, Ready, RegisterFile

_LSE_HZ = 32_768.0


class Source(enum.Enum):
    """Where the system clock can come from."""

    MSI = "MSI"
    HSI = "HSI"
    CSI = "CSI"
    HSE = "HSE"
    PLL = "PLL"


class KernelClock(enum.Enum):
    """What a USART can be clocked by."""

    BUS = enum.auto()
    SYSTEM = enum.auto()
    HSI = enum.auto()
    CSI = enum.auto()
    LSE = enum.auto()
    NONE = enum.auto()  # a clock that is not modelled: an auxiliary PLL


@dataclass(frozen=True)
class Oscillator:
    """A clock source: the bits that start it and tell that it runs."""

    source: Source
    enable: Field
    ready: Field


@dataclass(frozen=True)
class UartPlace:
    """One USART of a chip.

    Attributes:
        name: As the manual calls it.
        base: Its first register.
        irq: Number of its interrupt.
        gate: Clock enable bit in RCC.
        select: Field in RCC that chooses its clock, None where it is always the bus.
        bus: Number of its APB.
        tx, rx: Pins with the alternate function that connects them.
    """

    name: str
    base: int
    irq: int
    gate: Field
    select: Field | None
    bus: int
    tx: tuple[tuple[str, int], ...]
    rx: tuple[tuple[str, int], ...]

    @property
    def low_power(self) -> bool:
        """Whether it is an LPUART."""
        return self.name.startswith("LPUART")


@dataclass(frozen=True)
class Layout:
    """Where a family has its registers.

    Attributes:
        manual: Number of the reference manual.
        rcc, flash, power: Base addresses.
        power_gate: RCC bit that clocks PWR, None where it always is.
        ports: Letters of the GPIO ports.
        port_base: Of port A; the others follow every 0x400.
        port_gate: RCC register with one clock enable bit for each port.
        port_modes: Reset values of MODER that differ from the last, which is for all other ports.
        oscillators: With the PLL that can feed the core.
        switch, status: SW and SWS.
        sources: What each value of SW means.
        ahb, apb: Prescalers HPRE, PPRE1, PPRE2.
        latency: Wait states in FLASH_ACR.
        prefetch, instruction_cache, data_cache: Bits in FLASH_ACR that switch them on, None
            where FLASH_ACR has no such bit.
        kernel_clocks: What each value of a USART's clock selection means.
        rcc_reset, flash_reset, power_reset: Registers that are not 0 after a reset.
    """

    manual: str
    rcc: int
    flash: int
    power: int
    power_gate: Field | None
    ports: str
    port_base: int
    port_gate: int
    port_modes: tuple[int, ...]
    oscillators: tuple[Oscillator, ...]
    switch: Field
    status: Field
    sources: Mapping[int, Source]
    ahb: Field
    apb: tuple[Field, ...]
    latency: Field
    prefetch: Field | None
    instruction_cache: Field | None
    data_cache: Field | None
    kernel_clocks: Mapping[int, KernelClock]
    rcc_reset: Mapping[int, int]
    flash_reset: Mapping[int, int]
    power_reset: Mapping[int, int]


class Stm32Chip(ABC):
    """RCC, FLASH and PWR of one family.

    Args:
        hse_hz: Crystal or clock on the board; None where there is none.
    """

    layout: ClassVar[Layout]
    uarts: ClassVar[tuple[UartPlace, ...]]
    #: Fields of the PLL that must not change while it runs.
    pll_fields: ClassVar[tuple[Field, ...]]

    def __init__(self, hse_hz: int | None) -> None:
        self._hse_hz = hse_hz
        layout = self.layout
        self.rcc = RegisterFile(layout.rcc_reset, shown=self._show_rcc, kept=self._keep_rcc, changed=self._rcc_changed)
        self.flash = RegisterFile(layout.flash_reset, changed=self._flash_changed)
        self.power = RegisterFile(layout.power_reset, shown=self._show_power, changed=self._power_changed)
        self._start()

    def reset(self) -> None:
        """All three blocks as after a reset of the chip."""
        for block in (self.rcc, self.flash, self.power):
            block.reset()
        self._start()

    def _start(self) -> None:
        layout = self.layout
        self._ready = {
            oscillator.source: Ready(partial(self.clocked, oscillator.enable), oscillator.ready)
            for oscillator in layout.oscillators
        }
        self._active = layout.sources[self.rcc.get(layout.switch)]
        self._power_ready = self.power_flags()

    # -- what a family adds

    @abstractmethod
    def oscillator_hz(self, source: Source) -> float:
        """Frequency of an oscillator that runs; not asked for HSE and PLL."""

    @abstractmethod
    def pll_hz(self) -> float:
        """What the PLL gives the core; raises MisuseError where the dividers leave its limits."""

    @abstractmethod
    def pll_source(self) -> Source | None:
        """What feeds the PLL; None where nothing is selected."""

    @abstractmethod
    def system_limit(self) -> tuple[float, str]:
        """Highest system clock at the voltage that is set, and words for that setting."""

    @abstractmethod
    def bus_limits(self) -> tuple[float, ...]:
        """Highest frequency of each APB at the voltage that is set."""

    @abstractmethod
    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """Least number that the flash needs, and the manual's table."""

    def power_flags(self) -> tuple[Ready, ...]:
        """Flags of the power block that follow what is set there."""
        return ()

    def switch_fault(self, before_hz: float, after_hz: float) -> str | None:
        """Why the system clock must not go from one frequency to the other at once, None where it may."""
        return None

    def flash_fault(self, core_hz: float) -> str | None:
        """What else the flash interface lacks at that frequency, None where nothing."""
        return None

    def pin_fault(self, pin: str) -> str | None:
        """Why a pin cannot work although it is routed, None where it can."""
        return None

    # -- clocks

    def hz(self, source: Source) -> float:
        """Frequency of a clock source."""
        if source is Source.PLL:
            return self.pll_hz()
        if source is not Source.HSE:
            return self.oscillator_hz(source)
        if self._hse_hz is None:
            raise MisuseError("RCC_CR.HSEON was set, but the board has no crystal that is known; use the HSI")
        return float(self._hse_hz)

    def system_hz(self) -> float:
        """The system clock, before the AHB prescaler."""
        return self.hz(self._active)

    def cpu_hz(self) -> float:
        """The core's clock."""
        return self.core_hz()

    def core_hz(self) -> float:
        """HCLK: clock of flash and buses, and on most chips the core's."""
        return self.system_hz() / ahb_divider(self.rcc.get(self.layout.ahb))

    def bus_hz(self, number: int) -> float:
        """Clock of APB 1 or 2; a chip with one has it under both numbers."""
        fields = self.layout.apb
        return self.core_hz() / apb_divider(self.rcc.get(fields[min(number, len(fields)) - 1]))

    def clocked(self, gate: Field | None) -> bool:
        """Whether a clock enable bit in RCC is set."""
        return gate is None or bool(self.rcc.get(gate))

    def uart_hz(self, uart: UartPlace) -> float:
        """The clock that reaches a USART; 0 while there is none."""
        if not self.clocked(uart.gate):
            return 0.0
        chosen = KernelClock.BUS
        if uart.select is not None:
            chosen = self.layout.kernel_clocks.get(self.rcc.get(uart.select), KernelClock.NONE)
        if chosen is KernelClock.BUS:
            return self.bus_hz(uart.bus)
        if chosen is KernelClock.SYSTEM:
            return self.system_hz()
        if chosen is KernelClock.LSE:
            return _LSE_HZ
        source = {KernelClock.HSI: Source.HSI, KernelClock.CSI: Source.CSI}.get(chosen)
        return self.hz(source) if source is not None and self._ready[source].on else 0.0

    # -- registers

    def _show_rcc(self, offset: int, word: int) -> int:
        for flag in self._ready.values():
            if flag.flag.offset == offset:
                word = flag.show(word)
            elif offset == self.layout.status.offset:
                flag.show(0)  # a firmware may wait for the switch alone
        self._follow_switch()
        status = self.layout.status
        if offset == status.offset:
            codes = {source: code for code, source in self.layout.sources.items()}
            word = word & ~status.mask | codes[self._active] << status.shift
        return word

    def _keep_rcc(self, offset: int, before: int, after: int) -> int:
        """What hardware guards: a source that the core runs from cannot be switched off."""
        in_use = {self._active}
        if self._active is Source.PLL:
            in_use.add(self.pll_source() or Source.PLL)
        for oscillator in self.layout.oscillators:
            if oscillator.source in in_use and oscillator.enable.offset == offset:
                after |= before & oscillator.enable.mask
        return after

    def _rcc_changed(self, offset: int, before: int, after: int) -> None:
        self._check_pll(offset, before, after)
        layout = self.layout
        if offset == layout.switch.offset and layout.switch.of(before) != layout.switch.of(after):
            self._check_selected()
        self._follow_switch()
        self.check()

    def _check_pll(self, offset: int, before: int, after: int) -> None:
        enable = next(o.enable for o in self.layout.oscillators if o.source is Source.PLL)
        running = bool(self.rcc.get(enable))
        if offset == enable.offset and running and not enable.of(before):
            source = self.pll_source()
            if source is None:
                raise MisuseError("the PLL was switched on without a source; select one in its configuration first")
            if not self._ready[source].on:
                raise MisuseError(
                    f"the PLL was switched on before its source {source.value} runs; wait for {source.value}RDY first"
                )
            self.pll_hz()
        elif running:
            for field in self.pll_fields:
                if field.offset == offset and field.of(before) != field.of(after):
                    raise MisuseError(
                        f"the PLL's dividers were changed from {before:#010x} to {after:#010x} while it is on; "
                        "switch it off first"
                    )

    def _check_selected(self) -> None:
        code = self.rcc.get(self.layout.switch)
        source = self.layout.sources.get(code)
        if source is None:
            raise MisuseError(f"RCC_CFGR.SW was set to {code}, which selects no clock")
        enable = next(o.enable for o in self.layout.oscillators if o.source is source)
        if not self.rcc.get(enable):
            raise MisuseError(f"RCC_CFGR.SW selects the {source.value}, which is off; switch it on first")

    def _follow_switch(self) -> None:
        """The switch happens when the selected source is ready."""
        wanted = self.layout.sources.get(self.rcc.get(self.layout.switch), self._active)
        if wanted is self._active or not self._ready[wanted].on:
            return
        before = self.system_hz()
        self._active = wanted
        fault = self.switch_fault(before, self.system_hz())
        if fault is not None:
            raise MisuseError(fault)
        self.check()

    def _flash_changed(self, offset: int, before: int, after: int) -> None:
        if offset == self.layout.latency.offset and before != after:
            self.check()

    def _show_power(self, offset: int, word: int) -> int:
        for flag in self._power_ready:
            if flag.flag.offset == offset:
                word = flag.show(word)
        return word

    def _power_changed(self, offset: int, before: int, after: int) -> None:
        if before != after:
            self.check()

    # -- limits

    def check(self) -> None:
        """Hold the state against the manual.

        Raises:
            MisuseError: voltage, wait states or a bus do not fit the core's clock.
        """
        core_hz = self.core_hz()
        limit, setting = self.system_limit()
        if self.system_hz() > limit:
            raise MisuseError(
                f"the system clock is {mhz(self.system_hz())} in {setting}, where {mhz(limit)} is the most"
            )
        needed, table = self.wait_states(core_hz)
        set_to = self.flash.get(self.layout.latency)
        if set_to < needed:
            raise MisuseError(
                f"the core was switched to {mhz(core_hz)} with {set_to} flash wait states; "
                f"{self.layout.manual} {table} asks for {needed}"
            )
        fault = self.flash_fault(core_hz)
        if fault is not None:
            raise MisuseError(fault)
        for number, bus_limit in enumerate(self.bus_limits(), start=1):
            if self.bus_hz(number) > bus_limit:
                raise MisuseError(
                    f"APB{number} runs at {mhz(self.bus_hz(number))}, above its {mhz(bus_limit)}; set PPRE{number}"
                )


def mhz(frequency: float) -> str:
    """A frequency for a message."""
    return f"{frequency / 1e6:g} MHz"


def ahb_divider(code: int) -> int:
    """HPRE: 0xxx does not divide; 8 steps to 512 that leave out 32."""
    return (2, 4, 8, 16, 64, 128, 256, 512)[code & 7] if code & 8 else 1


def apb_divider(code: int) -> int:
    """PPRE: 0xx does not divide."""
    return 2 << (code & 3) if code & 4 else 1


def within(value: float, low: float, high: float, what: str) -> None:
    """Raise MisuseError unless `low` <= `value` <= `high`, all in Hz."""
    if not low <= value <= high:
        raise MisuseError(f"{what} is {mhz(value)}, outside {low / 1e6:g} to {high / 1e6:g} MHz")


def steps(core_hz: float, limits: tuple[float, ...]) -> int:
    """Wait states by a table of the highest frequency for 0, 1, 2, ... of them."""
    return next((count for count, limit in enumerate(limits) if core_hz <= limit), len(limits))
