"""Clocks, power and flash interface of the STM32L4+ (RM0432)."""

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
)  # fmt: skip

_MSI_HZ = (100e3, 200e3, 400e3, 800e3, 1e6, 2e6, 4e6, 8e6, 16e6, 24e6, 32e6, 48e6)
_HSI_HZ = 16e6
_CR, _CFGR, _PLLCFGR, _CCIPR, _CSR = 0x00, 0x08, 0x0C, 0x88, 0x94
_PLL_SOURCE, _PLL_M, _PLL_N = Field(_PLLCFGR, 0, 2), Field(_PLLCFGR, 4, 4), Field(_PLLCFGR, 8, 7)
_PLL_R_ON, _PLL_R = Field(_PLLCFGR, 24), Field(_PLLCFGR, 25, 2)
_MSI_SELECT, _MSI_RANGE, _MSI_STANDBY_RANGE = Field(_CR, 3), Field(_CR, 4, 4), Field(_CSR, 8, 4)
# Of PWR:
_VOS, _IOSV, _R1MODE = Field(0x00, 9, 2), Field(0x04, 9), Field(0x80, 8)
_RANGE_1 = 1
_BOOST_ABOVE_HZ = 80e6


class Stm32L4Plus(Stm32Chip):
    """STM32L4R5 and its relatives."""

    layout = Layout(
        manual="RM0432",
        rcc=0x4002_1000,
        flash=0x4002_2000,
        power=0x4000_7000,
        power_gate=Field(0x58, 28),
        ports="ABCDEFGHI",
        port_base=0x4800_0000,
        port_gate=0x4C,
        port_modes=(0xABFF_FFFF, 0xFFFF_FEBF, 0xFFFF_FFFF),
        oscillators=(
            Oscillator(Source.MSI, Field(_CR, 0), Field(_CR, 1)),
            Oscillator(Source.HSI, Field(_CR, 8), Field(_CR, 10)),
            Oscillator(Source.HSE, Field(_CR, 16), Field(_CR, 17)),
            Oscillator(Source.PLL, Field(_CR, 24), Field(_CR, 25)),
        ),
        switch=Field(_CFGR, 0, 2),
        status=Field(_CFGR, 2, 2),
        sources={0: Source.MSI, 1: Source.HSI, 2: Source.HSE, 3: Source.PLL},
        ahb=Field(_CFGR, 4, 4),
        apb=(Field(_CFGR, 8, 3), Field(_CFGR, 11, 3)),
        latency=Field(0x00, 0, 4),
        prefetch=Field(0x00, 8),
        instruction_cache=Field(0x00, 9),
        data_cache=Field(0x00, 10),
        kernel_clocks={0: KernelClock.BUS, 1: KernelClock.SYSTEM, 2: KernelClock.HSI, 3: KernelClock.LSE},
        rcc_reset={_CR: 0x63, _PLLCFGR: 0x1000, _CSR: 0x0C00_0600},
        flash_reset={0x00: 0x600},
        power_reset={0x00: 0x200, 0x80: 0x100},
    )
    uarts = (
        UartPlace("LPUART1", 0x4000_8000, 70, Field(0x5C, 0), Field(_CCIPR, 10, 2), 1,
                  tx=(("PG7", 8), ("PA2", 8), ("PB11", 8), ("PC1", 8)),
                  rx=(("PG8", 8), ("PA3", 8), ("PB10", 8), ("PC0", 8))),
        UartPlace("USART1", 0x4001_3800, 37, Field(0x60, 14), Field(_CCIPR, 0, 2), 2,
                  tx=(("PA9", 7), ("PB6", 7), ("PG9", 7)), rx=(("PA10", 7), ("PB7", 7), ("PG10", 7))),
        UartPlace("USART2", 0x4000_4400, 38, Field(0x58, 17), Field(_CCIPR, 2, 2), 1,
                  tx=(("PA2", 7), ("PD5", 7)), rx=(("PA3", 7), ("PD6", 7))),
        UartPlace("USART3", 0x4000_4800, 39, Field(0x58, 18), Field(_CCIPR, 4, 2), 1,
                  tx=(("PB10", 7), ("PC4", 7), ("PC10", 7), ("PD8", 7)),
                  rx=(("PB11", 7), ("PC5", 7), ("PC11", 7), ("PD9", 7))),
    )  # fmt: skip
    pll_fields = (_PLL_SOURCE, _PLL_M, _PLL_N)

    def oscillator_hz(self, source: Source) -> float:
        """MSI by its range, HSI16."""
        if source is Source.HSI:
            return _HSI_HZ
        chosen = _MSI_RANGE if self.rcc.get(_MSI_SELECT) else _MSI_STANDBY_RANGE
        return _MSI_HZ[min(self.rcc.get(chosen), len(_MSI_HZ) - 1)]

    def pll_source(self) -> Source | None:
        """PLLSRC."""
        return {1: Source.MSI, 2: Source.HSI, 3: Source.HSE}.get(self.rcc.get(_PLL_SOURCE))

    def pll_hz(self) -> float:
        """PLLCLK (RM0432 6.2.5 and 6.4.4)."""
        source = self.pll_source()
        if source is None:
            return 0.0
        multiplier = self.rcc.get(_PLL_N)
        if multiplier < 8:
            raise MisuseError(f"RCC_PLLCFGR.PLLN is {multiplier}, outside 8 to 127")
        reference = self.hz(source) / (self.rcc.get(_PLL_M) + 1)
        within(reference, 2.66e6, 16e6, "the input of the PLL (source / PLLM)")
        oscillator = reference * multiplier
        within(oscillator, 64e6, 344e6 if self._range_1() else 128e6, "the PLL's oscillator (input x PLLN)")
        if not self.rcc.get(_PLL_R_ON) and self._active is Source.PLL:
            raise MisuseError("the core runs from the PLL, but its output is off; set RCC_PLLCFGR.PLLREN")
        return oscillator / (2 * (self.rcc.get(_PLL_R) + 1))

    def system_limit(self) -> tuple[float, str]:
        """By voltage range (RM0432 table 24)."""
        if not self._range_1():
            return 26e6, "voltage range 2"
        if self.power.get(_R1MODE):
            return 80e6, "voltage range 1 without boost (PWR_CR5.R1MODE = 1)"
        return 120e6, "voltage range 1 with boost"

    def bus_limits(self) -> tuple[float, ...]:
        """Both as fast as the core."""
        return 120e6, 120e6

    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """RM0432 3.3.3."""
        limits = (20e6, 40e6, 60e6, 80e6, 100e6, 120e6) if self._range_1() else (8e6, 16e6, 26e6)
        return steps(core_hz, limits), "3.3.3"

    def switch_fault(self, before_hz: float, after_hz: float) -> str | None:
        """Beyond 80 MHz the core must take the step at half speed (RM0432 5.1.8)."""
        if before_hz <= _BOOST_ABOVE_HZ < after_hz and self.core_hz() == after_hz:
            return (
                f"the system clock went from {before_hz / 1e6:g} to {after_hz / 1e6:g} MHz at once; above 80 MHz "
                "RM0432 5.1.8 wants HPRE to divide by 2 during the switch and for 1 us after it"
            )
        return None

    def pin_fault(self, pin: str) -> str | None:
        """Port G from pin 2 on has a supply of its own (RM0432 5.1.2)."""
        if pin[1] == "G" and int(pin[2:]) >= 2 and not self.power.get(_IOSV):
            return "its supply VDDIO2 is not declared valid; set PWR_CR2.IOSV"
        return None

    def _range_1(self) -> bool:
        return self.power.get(_VOS) == _RANGE_1
