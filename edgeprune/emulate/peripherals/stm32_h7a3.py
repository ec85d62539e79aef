"""Clocks, power and flash interface of the STM32H7A3 (RM0455)."""

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
    ahb_divider,
    mhz,
    steps,
    within,
)

_HSI_HZ, _CSI_HZ = 64e6, 4e6
_CR, _CFGR, _CDCFGR1, _CDCFGR2, _PLLCKSELR, _PLLCFGR, _PLL1DIVR = 0x00, 0x10, 0x18, 0x1C, 0x28, 0x2C, 0x30
_CDCCIP2R, _AHB4ENR, _APB1LENR, _APB2ENR = 0x54, 0x140, 0x148, 0x150
_HSI_DIVIDER, _CPU_DIVIDER = Field(_CR, 3, 2), Field(_CDCFGR1, 8, 4)
_PLL_SOURCE, _PLL_M = Field(_PLLCKSELR, 0, 2), Field(_PLLCKSELR, 4, 6)
_FRACTION_ON, _MEDIUM, _RANGE, _PLL_P_ON = (
    Field(_PLLCFGR, 0),
    Field(_PLLCFGR, 1),
    Field(_PLLCFGR, 2, 2),
    Field(_PLLCFGR, 16),
)
_PLL_N, _PLL_P, _FRACTION = Field(_PLL1DIVR, 0, 9), Field(_PLL1DIVR, 9, 7), Field(0x34, 3, 13)
#: PLL1RGE: the input that the PLL is set for.
_INPUT_RANGES = ((1e6, 2e6), (2e6, 4e6), (4e6, 8e6), (8e6, 16e6))
_WRITE_DELAY = Field(0x00, 4, 2)  # WRHIGHFREQ, of FLASH
# Of PWR:
_CR3, _SUPPLY, _VOS, _VOSRDY, _ACTVOSRDY = 0x0C, Field(0x0C, 0, 3), Field(0x18, 14, 2), Field(0x18, 13), Field(0x04, 13)
_ACTVOS = Field(0x04, 14, 2)
_STEP_DOWN_ALONE = 0b100
#: By VOS: name, highest system clock, APB clock, steps of the wait states (RM0455 tables 16 and 55).
_SCALES = (
    ("VOS3", 88e6, 88e6, (22e6, 44e6, 66e6, 88e6)),
    ("VOS2", 160e6, 80e6, (34e6, 68e6, 102e6, 136e6, 160e6)),
    ("VOS1", 225e6, 112.5e6, (38e6, 76e6, 114e6, 152e6, 190e6, 225e6)),
    ("VOS0", 280e6, 140e6, (42e6, 84e6, 126e6, 168e6, 210e6, 252e6, 280e6)),
)
#: WRHIGHFREQ that goes with each number of wait states in that table.
_WRITE_DELAYS = (0, 0, 1, 1, 2, 2, 3)


class Stm32H7A3(Stm32Chip):
    """STM32H7A3, H7B3 on a board that feeds the core from the step-down converter alone."""

    layout = Layout(
        manual="RM0455",
        rcc=0x5802_4400,
        flash=0x5200_2000,
        power=0x5802_4800,
        power_gate=None,
        ports="ABCDEFGHIJK",
        port_base=0x5802_0000,
        port_gate=_AHB4ENR,
        port_modes=(0xABFF_FFFF, 0xFFFF_FEBF, 0xFFFF_FFFF),
        oscillators=(
            Oscillator(Source.HSI, Field(_CR, 0), Field(_CR, 2)),
            Oscillator(Source.CSI, Field(_CR, 7), Field(_CR, 8)),
            Oscillator(Source.HSE, Field(_CR, 16), Field(_CR, 17)),
            Oscillator(Source.PLL, Field(_CR, 24), Field(_CR, 25)),
        ),
        switch=Field(_CFGR, 0, 3),
        status=Field(_CFGR, 3, 3),
        sources={0: Source.HSI, 1: Source.CSI, 2: Source.HSE, 3: Source.PLL},
        ahb=Field(_CDCFGR1, 0, 4),
        apb=(Field(_CDCFGR2, 4, 3), Field(_CDCFGR2, 8, 3)),
        latency=Field(0x00, 0, 4),
        prefetch=None,
        instruction_cache=None,
        data_cache=None,
        kernel_clocks={0: KernelClock.BUS, 3: KernelClock.HSI, 4: KernelClock.CSI, 5: KernelClock.LSE},
        rcc_reset={_CR: 0x25, _PLLCKSELR: 0x0202_0200, _PLLCFGR: 0x01FF_0000, _PLL1DIVR: 0x0101_0280},
        flash_reset={0x00: 0x13},
        power_reset={0x00: 0xF000_C000, _CR3: 0x06, 0x18: 0x2000},
    )
    uarts = (
        UartPlace("USART3", 0x4000_4800, 39, Field(_APB1LENR, 18), Field(_CDCCIP2R, 0, 3), 1,
                  tx=(("PB10", 7), ("PC10", 7), ("PD8", 7)), rx=(("PB11", 7), ("PC11", 7), ("PD9", 7))),
        UartPlace("USART2", 0x4000_4400, 38, Field(_APB1LENR, 17), Field(_CDCCIP2R, 0, 3), 1,
                  tx=(("PA2", 7), ("PD5", 7)), rx=(("PA3", 7), ("PD6", 7))),
        UartPlace("USART1", 0x4001_1000, 37, Field(_APB2ENR, 4), Field(_CDCCIP2R, 3, 3), 2,
                  tx=(("PA9", 7), ("PB6", 7), ("PB14", 4)), rx=(("PA10", 7), ("PB7", 7), ("PB15", 4))),
    )  # fmt: skip
    pll_fields = (_PLL_SOURCE, _PLL_M, _PLL_N, _PLL_P, _MEDIUM, _RANGE)

    def __init__(self, hse_hz: int | None) -> None:
        self._supply: int | None = None  # PWR_CR3, once it was written after power-on
        super().__init__(hse_hz)

    def _start(self) -> None:
        self._floor = 0  # the lower VOS while the voltage moves
        if self._supply is not None:
            self.power.words[_CR3] = self._supply  # a reset does not change it
        super()._start()

    def oscillator_hz(self, source: Source) -> float:
        """HSI behind its divider, CSI."""
        return _CSI_HZ if source is Source.CSI else _HSI_HZ / (1 << self.rcc.get(_HSI_DIVIDER))

    def pll_source(self) -> Source | None:
        """PLLSRC."""
        return {0: Source.HSI, 1: Source.CSI, 2: Source.HSE}.get(self.rcc.get(_PLL_SOURCE))

    def pll_hz(self) -> float:
        """pll1_p_ck (RM0455 8.5.5)."""
        source, divider = self.pll_source(), self.rcc.get(_PLL_M)
        if source is None or not divider:
            raise MisuseError("PLL1 has no input: RCC_PLLCKSELR needs PLLSRC and DIVM1")
        reference, medium = self.hz(source) / divider, bool(self.rcc.get(_MEDIUM))
        low, high = _INPUT_RANGES[self.rcc.get(_RANGE)]
        within(reference, low, high, f"the input of PLL1 with PLL1RGE = {self.rcc.get(_RANGE)}")
        within(
            reference,
            1e6 if medium else 2e6,
            2e6 if medium else 16e6,
            f"the input of PLL1 with PLL1VCOSEL = {medium:d}",
        )
        fraction = self.rcc.get(_FRACTION) / 8192 if self.rcc.get(_FRACTION_ON) else 0
        oscillator = reference * (self.rcc.get(_PLL_N) + 1 + fraction)
        within(oscillator, 150e6 if medium else 128e6, 420e6 if medium else 560e6, "PLL1's oscillator (input x DIVN1)")
        output = self.rcc.get(_PLL_P) + 1
        if output > 1 and output % 2:
            raise MisuseError(f"PLL1's DIVP1 divides by {output}; odd divisors beyond 1 are not allowed")
        if not self.rcc.get(_PLL_P_ON) and self._active is Source.PLL:
            raise MisuseError("the core runs from PLL1, but its output is off; set RCC_PLLCFGR.DIVP1EN")
        return oscillator / output

    def cpu_hz(self) -> float:
        """The core's clock is taken before HPRE."""
        return self.system_hz() / ahb_divider(self.rcc.get(_CPU_DIVIDER))

    def core_hz(self) -> float:
        """HCLK."""
        return self.cpu_hz() / ahb_divider(self.rcc.get(self.layout.ahb))

    def system_limit(self) -> tuple[float, str]:
        """By VOS, once VOSRDY tells that it is reached."""
        name, limit, _, _ = self._scale()
        return limit, name if self._power_ready[1].on else f"{name} (PWR_SRDCR.VOSRDY is 0)"

    def bus_limits(self) -> tuple[float, ...]:
        """Half the core's, but for VOS3, at which the chip starts with undivided buses."""
        limit = self._scale()[2]
        return limit, limit

    def wait_states(self, core_hz: float) -> tuple[int, str]:
        """RM0455 table 16."""
        return steps(core_hz, self._scale()[3]), "table 16"

    def flash_fault(self, core_hz: float) -> str | None:
        """WRHIGHFREQ goes with the wait states."""
        needed = _WRITE_DELAYS[min(steps(core_hz, self._scale()[3]), len(_WRITE_DELAYS) - 1)]
        set_to = self.flash.get(_WRITE_DELAY)
        if set_to < needed:
            return f"FLASH_ACR.WRHIGHFREQ is {set_to} at {mhz(core_hz)}; RM0455 table 16 asks for {needed}"
        return None

    def power_flags(self) -> tuple[Ready, ...]:
        """The supply is valid once it was chosen; the voltage follows VOS."""
        return Ready(lambda: self._supply is not None, _ACTVOSRDY), Ready(lambda: True, _VOSRDY)

    def _show_power(self, offset: int, word: int) -> int:
        if offset == _ACTVOS.offset:
            word |= self.power.get(_VOS) << _ACTVOS.shift
        return super()._show_power(offset, word)

    def _power_changed(self, offset: int, before: int, after: int) -> None:
        if offset == _CR3 and self._supply is not None:
            self.power.words[_CR3] = self._supply  # it can be chosen once
        elif offset == _CR3:
            self._supply = after
            if _SUPPLY.of(after) != _STEP_DOWN_ALONE:
                raise MisuseError(
                    f"PWR_CR3 was set to {after:#x}; the board is wired for the step-down converter alone "
                    "(SMPSEN = 1, LDOEN = BYPASS = 0), any other choice takes the core's voltage away"
                )
        if offset == _VOS.offset and _VOS.of(before) != _VOS.of(after):
            if not self._power_ready[0].on:
                raise MisuseError(
                    "PWR_SRDCR.VOS was changed before the supply was chosen in PWR_CR3 and ACTVOSRDY was 1"
                )
            self._floor = min(_VOS.of(before), _VOS.of(after))
            self._power_ready[1].restart()
        super()._power_changed(offset, before, after)

    def _scale(self) -> tuple[str, float, float, tuple[float, ...]]:
        return _SCALES[self.power.get(_VOS) if self._power_ready[1].on else self._floor]
