"""Clocks, power and flash interface of the STM32F405 (RM0090) and F446 (RM0390)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from edgeprune.emulate.peripherals.device import MisuseError
from edgeprune.emulate.peripherals.registers import Field, Ready
from edgeprune.emulate.peripherals.stm32_chip import (
    KernelClock,
    Layout,
    Oscillator,
    Source,
    Stm32Chip,
    UartPlace,
    mhz,
    steps,
    within,
)

_HSI_HZ = 16e6
_CR, _PLLCFGR, _CFGR, _AHB1ENR, _APB1ENR, _APB2ENR = 0x00, 0x04, 0x08, 0x30, 0x40, 0x44
_PLL_M, _PLL_N, _PLL_P = Field(_PLLCFGR, 0, 6), Field(_PLLCFGR, 6, 9), Field(_PLLCFGR, 16, 2)
_PLL_SOURCE, _PLL_Q = Field(_PLLCFGR, 22), Field(_PLLCFGR, 24, 4)
_PLL_ON = Field(_CR, 24)
# Of PWR:
_VOS_OF_F405, _VOS = Field(0x00, 14), Field(0x00, 14, 2)
_ODEN, _ODSWEN = Field(0x00, 16), Field(0x00, 17)
_VOSRDY, _ODRDY, _ODSWRDY = Field(0x04, 14), Field(0x04, 16), Field(0x04, 17)
#: Frequency that each further wait state allows at 2.7 to 3.6 V.
_WAIT_STATE_HZ = 30e6

_LAYOUT = Layout(
    manual="RM0090",
    rcc=0x4002_3800,
    flash=0x4002_3C00,
    power=0x4000_7000,
    power_gate=Field(_APB1ENR, 28),
    ports="ABCDEFGHI",
    port_base=0x4002_0000,
    port_gate=_AHB1ENR,
    port_modes=(0xA800_0000, 0x280, 0),
    oscillators=(
        Oscillator(Source.HSI, Field(_CR, 0), Field(_CR, 1)),
        Oscillator(Source.HSE, Field(_CR, 16), Field(_CR, 17)),
        Oscillator(Source.PLL, _PLL_ON, Field(_CR, 25)),
    ),
    switch=Field(_CFGR, 0, 2),
    status=Field(_CFGR, 2, 2),
    sources={0: Source.HSI, 1: Source.HSE, 2: Source.PLL},
    ahb=Field(_CFGR, 4, 4),
    apb=(Field(_CFGR, 10, 3), Field(_CFGR, 13, 3)),
    latency=Field(0x00, 0, 3),
    prefetch=Field(0x00, 8),
    instruction_cache=Field(0x00, 9),
    data_cache=Field(0x00, 10),
    kernel_clocks={0: KernelClock.BUS},
    rcc_reset={_CR: 0x83, _PLLCFGR: 0x2400_3010, _AHB1ENR: 0x10_0000},
    flash_reset={},
    power_reset={0x00: 0x4000},
)


class Stm32F405(Stm32Chip):
    """STM32F405 and F407: two voltage scales, no over-drive."""

    layout = _LAYOUT
    uarts = (
        UartPlace("USART1", 0x4001_1000, 37, Field(_APB2ENR, 4), None, 2,
                  tx=(("PA9", 7), ("PB6", 7)), rx=(("PA10", 7), ("PB7", 7))),
        UartPlace("USART2", 0x4000_4400, 38, Field(_APB1ENR, 17), None, 1,
                  tx=(("PA2", 7), ("PD5", 7)), rx=(("PA3", 7), ("PD6", 7))),
        UartPlace("USART3", 0x4000_4800, 39, Field(_APB1ENR, 18), None, 1,
                  tx=(("PB10", 7), ("PC10", 7), ("PD8", 7)), rx=(("PB11", 7), ("PC11", 7), ("PD9", 7))),
        UartPlace("USART6", 0x4001_1400, 71, Field(_APB2ENR, 5), None, 2,
                  tx=(("PC6", 8), ("PG14", 8)), rx=(("PC7", 8), ("PG9", 8))),
    )  # fmt: skip
    pll_fields = (_PLL_M, _PLL_N, _PLL_P, _PLL_SOURCE)

    def oscillator_hz(self, source: Source) -> float:
        """The HSI is the only one inside."""
        return _HSI_HZ

    def pll_source(self) -> Source | None:
        """PLLSRC."""
        return Source.HSE if self.rcc.get(_PLL_SOURCE) else Source.HSI

    def pll_hz(self) -> float:
        """PLLCLK (RM0090 7.3.2, RM0390 6.3.2)."""
        divider, multiplier = self.rcc.get(_PLL_M), self.rcc.get(_PLL_N)
        if divider < 2 or not 50 <= multiplier <= 432 or self.rcc.get(_PLL_Q) < 2:
            raise MisuseError(
                f"RCC_PLLCFGR is {self.rcc.words[_PLLCFGR]:#010x}: PLLM must be 2 to 63, PLLN 50 to 432, PLLQ 2 to 15"
            )
        reference = self.hz(Source.HSE if self.rcc.get(_PLL_SOURCE) else Source.HSI) / divider
        within(reference, 1e6, 2e6, "the input of the PLL (source / PLLM)")
        within(reference * multiplier, 100e6, 432e6, "the PLL's oscillator (input x PLLN)")
        return reference * multiplier / (2 * self.rcc.get(_PLL_P) + 2)

    def system_limit(self) -> tuple[float, str]:
        """RM0090 5.1.4."""
        if self.power.get(_VOS_OF_F405):
            return 168e6, "voltage scale 1"
        return 144e6, "voltage scale 2 (PWR_CR.VOS = 0)"

    def bus_limits(self) -> tuple[float, ...]:
        """RM0090 7.2."""
        return 42e6, 84e6

    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """RM0090 table 10, RM0390 table 5, RM0385 table 5, for 2.7 to 3.6 V."""
        return steps(core_hz, tuple(_WAIT_STATE_HZ * n for n in range(1, 9))), "3.4.1"

    def power_flags(self) -> tuple[Ready, ...]:
        """VOSRDY: the regulator follows VOS while the PLL is on."""
        return (Ready(partial(self.clocked, _PLL_ON), _VOSRDY),)


class OverDrive(Stm32F405):
    """F446 and F7: three voltage scales, each with a limit of its own in over-drive mode."""

    #: Highest system clock by VOS, without and with over-drive.
    scales: ClassVar[Mapping[int, tuple[float, float]]]
    apb_limits: ClassVar[tuple[float, float]] = (45e6, 90e6)

    def system_limit(self) -> tuple[float, str]:
        """By VOS, once over-drive is reached by that too."""
        scale = self.power.get(_VOS) or 1  # 0 is reserved and means scale 3, as 1 does
        normal, driven = self.scales[scale]
        name = f"voltage scale {4 - scale}"
        if self._power_ready[2].on:
            return driven, f"{name} with over-drive"
        return normal, f"{name} without over-drive"

    def bus_limits(self) -> tuple[float, ...]:
        """Both APBs."""
        return self.apb_limits

    def power_flags(self) -> tuple[Ready, ...]:
        """VOSRDY, then the two steps into over-drive."""
        return (
            *super().power_flags(),
            Ready(lambda: bool(self.power.get(_ODEN)), _ODRDY),
            Ready(lambda: bool(self.power.get(_ODEN) and self.power.get(_ODSWEN)), _ODSWRDY),
        )

    def _power_changed(self, offset: int, before: int, after: int) -> None:
        if offset == _ODEN.offset:
            self._check_over_drive(before, after)
        super()._power_changed(offset, before, after)

    def _check_over_drive(self, before: int, after: int) -> None:
        """RM0390 5.1.4, "entering over-drive mode"; VOS must not change while the PLL runs."""
        if _VOS.of(before) != _VOS.of(after) and self.rcc.get(_PLL_ON):
            raise MisuseError("PWR_CR.VOS was changed while the PLL is on, where hardware ignores it; set it before")
        if _ODEN.of(after) and not _ODEN.of(before) and self._active is Source.PLL:
            raise MisuseError(
                f"over-drive was enabled while the core runs from the PLL at {mhz(self.core_hz())}; "
                "enable it while HSI or HSE is the system clock"
            )
        if _ODSWEN.of(after) and not _ODSWEN.of(before) and not self._power_ready[1].on:
            raise MisuseError("PWR_CR.ODSWEN was set before ODRDY was 1; wait for it")


class Stm32F446(OverDrive):
    """STM32F446."""

    layout = replace(_LAYOUT, manual="RM0390", ports="ABCDEFGH", latency=Field(0x00, 0, 4), power_reset={0x00: 0xC000})
    scales: ClassVar[Mapping[int, tuple[float, float]]] = {1: (120e6, 120e6), 2: (144e6, 168e6), 3: (168e6, 180e6)}
