"""Boards with an STM32L4+: NUCLEO-L4R5ZI, whose debug probe is wired to LPUART1; it has no crystal."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line
from edgeprune.emulate.peripherals.stm32_l4plus import Stm32L4Plus
from edgeprune.emulate.peripherals.stm32_usart_v2 import Stm32UsartV2
from edgeprune.targets import McuTarget


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    return fit_stm32(core, target, line, Stm32L4Plus(hse_hz=None), Stm32UsartV2)
