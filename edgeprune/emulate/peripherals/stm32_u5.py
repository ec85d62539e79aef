"""Clocks, power and flash interface of the STM32U575 (RM0456)."""

from __future__ import annotations

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
_MSI_HZ = (48e6, 24e6, 16e6, 12e6, 4e6, 2e6, 1.33e6, 1e6, 3.072e6, 1.536e6, 1.024e6, 768e3, 400e3, 200e3, 133e3, 100e3)
_CR, _ICSCR1, _CFGR1, _CFGR2, _PLL1CFGR, _PLL1DIVR, _PLL1FRACR = 0x00, 0x08, 0x1C, 0x20, 0x28, 0x34, 0x38
_AHB2ENR1, _AHB3ENR, _APB1ENR1, _APB2ENR, _CCIPR1, _CSR = 0x8C, 0x94, 0x9C, 0xA4, 0xE0, 0xF4
_MSI_RANGE, _MSI_SELECT, _MSI_STANDBY_RANGE = Field(_ICSCR1, 28, 4), Field(_ICSCR1, 23), Field(_CSR, 12, 4)
_PLL_SOURCE, _PLL_RANGE, _PLL_FRACTION_ON = Field(_PLL1CFGR, 0, 2), Field(_PLL1CFGR, 2, 2), Field(_PLL1CFGR, 4)
_PLL_M, _PLL_BOOST, _PLL_R_ON = Field(_PLL1CFGR, 8, 4), Field(_PLL1CFGR, 12, 4), Field(_PLL1CFGR, 18)
_PLL_N, _PLL_R, _PLL_FRACTION = Field(_PLL1DIVR, 0, 9), Field(_PLL1DIVR, 24, 7), Field(_PLL1FRACR, 3, 13)
# Of PWR:
_REGSEL, _VOS, _BOOSTEN = Field(0x08, 1), Field(0x0C, 16, 2), Field(0x0C, 18)
_BOOSTRDY, _VOSRDY = Field(0x0C, 14), Field(0x0C, 15)
_REGS, _ACTVOSRDY, _ACTVOS, _IO2SV = Field(0x3C, 1), Field(0x3C, 15), Field(0x3C, 16, 2), Field(0x10, 29)
_WITHOUT_BOOST_HZ = 55e6
#: By VOS: name, highest system clock, steps of the wait states (RM0456 7.3.3 and 10.5.4).
_RANGES = (
    ("voltage range 4", 25e6, (12e6, 25e6)),
    ("voltage range 3", 55e6, (24e6, 48e6, 55e6)),
    ("voltage range 2", 110e6, (30e6, 60e6, 90e6, 110e6)),
    ("voltage range 1", 160e6, (32e6, 64e6, 96e6, 128e6, 160e6)),
)


class Stm32U5(Stm32Chip):
    """STM32U575 and U585 with TrustZone off, as they are delivered."""

    layout = Layout(
        manual="RM0456",
        rcc=0x4602_0C00,
        flash=0x4002_2000,
        power=0x4602_0800,
        power_gate=Field(_AHB3ENR, 2),
        ports="ABCDEFGHI",
        port_base=0x4202_0000,
        port_gate=_AHB2ENR1,
        port_modes=(0xABFF_FFFF, 0xFFFF_FEBF, 0xFFFF_FFFF),
        oscillators=(
            Oscillator(Source.MSI, Field(_CR, 0), Field(_CR, 2)),
            Oscillator(Source.HSI, Field(_CR, 8), Field(_CR, 10)),
            Oscillator(Source.HSE, Field(_CR, 16), Field(_CR, 17)),
            Oscillator(Source.PLL, Field(_CR, 24), Field(_CR, 25)),
        ),
        switch=Field(_CFGR1, 0, 2),
        status=Field(_CFGR1, 2, 2),
        sources={0: Source.MSI, 1: Source.HSI, 2: Source.HSE, 3: Source.PLL},
        ahb=Field(_CFGR2, 0, 4),
        apb=(Field(_CFGR2, 4, 3), Field(_CFGR2, 8, 3)),
        latency=Field(0x00, 0, 4),
        prefetch=Field(0x00, 8),
        instruction_cache=None,
        data_cache=None,
        kernel_clocks={0: KernelClock.BUS, 1: KernelClock.SYSTEM, 2: KernelClock.HSI, 3: KernelClock.LSE},
        rcc_reset={_CR: 0x35, _ICSCR1: 0x4400_0000, _PLL1DIVR: 0x0101_0280, _CSR: 0x0C00_4400, 0x88: 0xD000_0100},
        flash_reset={0x00: 0x1},
        power_reset={},
    )
    uarts = (
        UartPlace("USART1", 0x4001_3800, 61, Field(_APB2ENR, 14), Field(_CCIPR1, 0, 2), 2,
                  tx=(("PA9", 7), ("PB6", 7), ("PG9", 7)), rx=(("PA10", 7), ("PB7", 7), ("PG10", 7))),
        UartPlace("USART2", 0x4000_4400, 62, Field(_APB1ENR1, 17), Field(_CCIPR1, 2, 2), 1,
                  tx=(("PA2", 7), ("PD5", 7)), rx=(("PA3", 7), ("PD6", 7))),
        UartPlace("USART3", 0x4000_4800, 63, Field(_APB1ENR1, 18), Field(_CCIPR1, 4, 2), 1,
                  tx=(("PB10", 7), ("PC10", 7), ("PD8", 7)), rx=(("PB11", 7), ("PC11", 7), ("PD9", 7))),
    )  # fmt: skip
    pll_fields = (_PLL_SOURCE, _PLL_M, _PLL_N, _PLL_R, _PLL_RANGE)

    def _start(self) -> None:
        self._floor = 0  # the lower VOS while the voltage moves
        super()._start()

    def oscillator_hz(self, source: Source) -> float:
        """MSIS by its range, HSI16."""
        if source is Source.HSI:
            return _HSI_HZ
        return _MSI_HZ[self.rcc.get(_MSI_RANGE if self.rcc.get(_MSI_SELECT) else _MSI_STANDBY_RANGE)]

    def pll_source(self) -> Source | None:
        """PLL1SRC."""
        return {1: Source.MSI, 2: Source.HSI, 3: Source.HSE}.get(self.rcc.get(_PLL_SOURCE))

    def pll_hz(self) -> float:
        """pll1_r_ck (RM0456 11.4.6 and 11.8.8)."""
        source = self.pll_source()
        if source is None:
            return 0.0
        if not self.power.get(_VOS):
            raise MisuseError("PLL1 is on in voltage range 4, where it cannot run; raise PWR_VOSR.VOS first")
        reference = self.hz(source) / (self.rcc.get(_PLL_M) + 1)
        fast = self.rcc.get(_PLL_RANGE) == 3
        within(
            reference, 8e6 if fast else 4e6, 16e6 if fast else 8e6,
            f"the input of PLL1 with PLL1RGE = {self.rcc.get(_PLL_RANGE)}",
        )  # fmt: skip
        multiplier = self.rcc.get(_PLL_N) + 1
        if multiplier < 4:
            raise MisuseError(f"PLL1N multiplies by {multiplier}, outside 4 to 512")
        fraction = self.rcc.get(_PLL_FRACTION) / 8192 if self.rcc.get(_PLL_FRACTION_ON) else 0
        oscillator = reference * (multiplier + fraction)
        within(oscillator, 128e6, 330e6 if self.power.get(_VOS) == 1 else 544e6, "PLL1's oscillator (input x PLL1N)")
        output = self.rcc.get(_PLL_R) + 1
        if not self.rcc.get(_PLL_R_ON) and self._active is Source.PLL:
            raise MisuseError("the core runs from PLL1, but its output is off; set RCC_PLL1CFGR.PLL1REN")
        return oscillator / output

    def system_limit(self) -> tuple[float, str]:
        """By range; above 55 MHz with the booster only (RM0456 10.5.4)."""
        name, limit, _ = self._range()
        if not self._power_ready[1].on:
            return limit, f"{name} (PWR_VOSR.VOSRDY is 0)"
        if limit > _WITHOUT_BOOST_HZ and not self._power_ready[0].on:
            return _WITHOUT_BOOST_HZ, f"{name} without the EPOD booster (PWR_VOSR.BOOSTRDY = 0)"
        return limit, name

    def bus_limits(self) -> tuple[float, ...]:
        """As fast as the core."""
        return 160e6, 160e6

    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """RM0456 7.3.3."""
        return steps(core_hz, self._range()[2]), "7.3.3"

    def power_flags(self) -> tuple[Ready, ...]:
        """The booster is clocked by the PLL's source, so it never gets ready without one."""
        return (
            Ready(self._boosted, _BOOSTRDY),
            Ready(lambda: True, _VOSRDY),
            Ready(lambda: True, _ACTVOSRDY),
            Ready(lambda: bool(self.power.get(_REGSEL)), _REGS),
        )

    def pin_fault(self, pin: str) -> str | None:
        """Port G from pin 2 on has a supply of its own (RM0456 10.4.2)."""
        if pin[1] == "G" and int(pin[2:]) >= 2 and not self.power.get(_IO2SV):
            return "its supply VDDIO2 is not declared valid; set PWR_SVMCR.IO2SV"
        return None

    def _show_power(self, offset: int, word: int) -> int:
        if offset == _ACTVOS.offset:
            word |= self.power.get(_VOS) << _ACTVOS.shift
        return super()._show_power(offset, word)

    def _power_changed(self, offset: int, before: int, after: int) -> None:
        if offset == _VOS.offset:
            if _VOS.of(before) != _VOS.of(after):
                self._floor = min(_VOS.of(before), _VOS.of(after))
                self._power_ready[1].restart()
                self._power_ready[2].restart()
            if _BOOSTEN.of(after) and not _BOOSTEN.of(before):
                self._check_booster()
        super()._power_changed(offset, before, after)

    def _check_booster(self) -> None:
        source = self.pll_source()
        if source is None:
            return  # BOOSTRDY tells it, by never coming
        frequency = self.hz(source) / max(1, 2 * self.rcc.get(_PLL_BOOST))
        if not 4e6 <= frequency <= 16e6:
            raise MisuseError(
                f"the EPOD booster gets {mhz(frequency)} (PLL1's source / PLL1MBOOST); RM0456 10.5.4 wants 4 to 16 MHz"
            )

    def _boosted(self) -> bool:
        source = self.pll_source()
        return bool(self.power.get(_BOOSTEN)) and source is not None and self._ready[source].on

    def _range(self) -> tuple[str, float, tuple[float, ...]]:
        return _RANGES[self.power.get(_VOS) if self._power_ready[1].on else self._floor]
