"""Boards with an STM32F746: the Discovery board, whose crystal has 25 MHz."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line
from edgeprune.emulate.peripherals.stm32_f7 import Stm32F746
from edgeprune.emulate.peripherals.stm32_usart_v2 import Stm32UsartV2
from edgeprune.targets import McuTarget


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    return fit_stm32(core, target, line, Stm32F746(hse_hz=25_000_000), Stm32UsartV2)
