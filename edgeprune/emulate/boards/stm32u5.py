"""Boards with an STM32U575: NUCLEO-U575ZI-Q, which comes without a crystal."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line, RegisterFile
from edgeprune.emulate.peripherals.stm32_u5 import Stm32U5
from edgeprune.emulate.peripherals.stm32_usart_v2 import Stm32UsartV2
from edgeprune.targets import McuTarget

_ICACHE = 0x4003_0400


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    fittings = fit_stm32(core, target, line, Stm32U5(hse_hz=None), Stm32UsartV2)
    # Its cache is in front of the flash and needs no clock bit; here it only keeps its settings.
    fittings.bus.add(RegisterFile({0x00: 0x4}), _ICACHE)
    return fittings
