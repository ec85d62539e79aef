"""Clocks, power and flash interface of the STM32G0B1 (RM0444)."""

from __future__ import annotations

from edgeprune.emulate.peripherals.device import MisuseError
from edgeprune.emulate.peripherals.registers import Field
from edgeprune.emulate.peripherals.stm32_chip import (
    KernelClock,
    Layout,
    Oscillator,
    Source,
    Stm32Chip,
    UartPlace,
    steps,
    within,
)

_HSI_HZ = 16e6
_CR, _CFGR, _PLLCFGR, _IOPENR, _APBENR1, _APBENR2, _CCIPR = 0x00, 0x08, 0x0C, 0x34, 0x3C, 0x40, 0x54
_HSI_DIVIDER = Field(_CR, 11, 3)
_PLL_SOURCE, _PLL_M, _PLL_N = Field(_PLLCFGR, 0, 2), Field(_PLLCFGR, 4, 3), Field(_PLLCFGR, 8, 7)
_PLL_R_ON, _PLL_R = Field(_PLLCFGR, 28), Field(_PLLCFGR, 29, 3)
_VOS = Field(0x00, 9, 2)  # of PWR
_RANGE_1 = 1


class Stm32G0(Stm32Chip):
    """STM32G0B1 and G0C1."""

    layout = Layout(
        manual="RM0444",
        rcc=0x4002_1000,
        flash=0x4002_2000,
        power=0x4000_7000,
        power_gate=Field(_APBENR1, 28),
        ports="ABCDEF",
        port_base=0x5000_0000,
        port_gate=_IOPENR,
        port_modes=(0xEBFF_FFFF, 0xFFFF_FFFF),
        oscillators=(
            Oscillator(Source.HSI, Field(_CR, 8), Field(_CR, 10)),
            Oscillator(Source.HSE, Field(_CR, 16), Field(_CR, 17)),
            Oscillator(Source.PLL, Field(_CR, 24), Field(_CR, 25)),
        ),
        switch=Field(_CFGR, 0, 3),
        status=Field(_CFGR, 3, 3),
        sources={0: Source.HSI, 1: Source.HSE, 2: Source.PLL},
        ahb=Field(_CFGR, 8, 4),
        apb=(Field(_CFGR, 12, 3),),
        latency=Field(0x00, 0, 3),
        prefetch=Field(0x00, 8),
        instruction_cache=Field(0x00, 9),
        data_cache=None,
        kernel_clocks={0: KernelClock.BUS, 1: KernelClock.SYSTEM, 2: KernelClock.HSI, 3: KernelClock.LSE},
        rcc_reset={_CR: 0x500, _PLLCFGR: 0x1000, 0x38: 0x100},
        flash_reset={0x00: 0x4_0600},
        power_reset={0x00: 0x208},
    )
    uarts = (
        UartPlace("USART1", 0x4001_3800, 27, Field(_APBENR2, 14), Field(_CCIPR, 0, 2), 1,
                  tx=(("PA9", 1), ("PB6", 0), ("PC4", 1)), rx=(("PA10", 1), ("PB7", 0), ("PC5", 1))),
        UartPlace("USART2", 0x4000_4400, 28, Field(_APBENR1, 17), Field(_CCIPR, 2, 2), 1,
                  tx=(("PA2", 1), ("PA14", 1), ("PD5", 0)), rx=(("PA3", 1), ("PA15", 1), ("PD6", 0))),
        UartPlace("LPUART1", 0x4000_8000, 29, Field(_APBENR1, 20), Field(_CCIPR, 10, 2), 1,
                  tx=(("PA2", 6), ("PB11", 1), ("PC1", 1)), rx=(("PA3", 6), ("PB10", 1), ("PC0", 1))),
    )  # fmt: skip
    pll_fields = (_PLL_SOURCE, _PLL_M, _PLL_N)

    def oscillator_hz(self, source: Source) -> float:
        """HSI16; its divider counts for the system clock only."""
        return _HSI_HZ

    def system_hz(self) -> float:
        """HSISYS is the HSI behind HSIDIV (RM0444 5.2.2)."""
        divider = 1 << self.rcc.get(_HSI_DIVIDER) if self._active is Source.HSI else 1
        return super().system_hz() / divider

    def pll_source(self) -> Source | None:
        """PLLSRC."""
        return {2: Source.HSI, 3: Source.HSE}.get(self.rcc.get(_PLL_SOURCE))

    def pll_hz(self) -> float:
        """PLLRCLK (RM0444 5.2.4 and 5.4.4)."""
        source = self.pll_source()
        if source is None:
            return 0.0
        multiplier = self.rcc.get(_PLL_N)
        if not 8 <= multiplier <= 86:
            raise MisuseError(f"RCC_PLLCFGR.PLLN is {multiplier}, outside 8 to 86")
        reference = self.hz(source) / (self.rcc.get(_PLL_M) + 1)
        within(reference, 2.66e6, 16e6, "the input of the PLL (source / PLLM)")
        within(reference * multiplier, 96e6, 344e6 if self._range_1() else 128e6, "the PLL's oscillator (input x PLLN)")
        if not self.rcc.get(_PLL_R) or (not self.rcc.get(_PLL_R_ON) and self._active is Source.PLL):
            raise MisuseError("the PLL has no output R for the core: RCC_PLLCFGR needs PLLREN, and PLLR from 1 on")
        return reference * multiplier / (self.rcc.get(_PLL_R) + 1)

    def system_limit(self) -> tuple[float, str]:
        """RM0444 4.1.4."""
        return (64e6, "voltage range 1") if self._range_1() else (16e6, "voltage range 2")

    def bus_limits(self) -> tuple[float, ...]:
        """As fast as the core."""
        return (64e6,)

    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """RM0444 3.3.4."""
        return steps(core_hz, (24e6, 48e6, 64e6) if self._range_1() else (8e6, 16e6)), "3.3.4"

    def _range_1(self) -> bool:
        return self.power.get(_VOS) == _RANGE_1
