"""Boards with an STM32H7A3: NUCLEO-H7A3ZI-Q, whose debug probe feeds 8 MHz to HSE."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line
from edgeprune.emulate.peripherals.stm32_h7a3 import Stm32H7A3
from edgeprune.emulate.peripherals.stm32_usart_v2 import Stm32UsartV2
from edgeprune.targets import McuTarget


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    return fit_stm32(core, target, line, Stm32H7A3(hse_hz=8_000_000), Stm32UsartV2)
