"""Boards with an STM32G0B1: NUCLEO-G0B1RE, which comes without a crystal."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line
from edgeprune.emulate.peripherals.stm32_g0 import Stm32G0
from edgeprune.emulate.peripherals.stm32_usart_v2 import Stm32UsartV2
from edgeprune.targets import McuTarget


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    return fit_stm32(core, target, line, Stm32G0(hse_hz=None), Stm32UsartV2)
