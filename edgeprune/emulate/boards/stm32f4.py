"""Boards with an STM32F4: NUCLEO-F446RE, Netduino Plus 2 (F405)."""

from __future__ import annotations

from edgeprune.emulate.boards._stm32 import fit_stm32
from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Cpu, Line
from edgeprune.emulate.peripherals.stm32_f4 import Stm32F405, Stm32F446
from edgeprune.emulate.peripherals.stm32_usart_v1 import Stm32UsartV1
from edgeprune.targets import McuTarget

#: The debug probe of a Nucleo feeds its own 8 MHz; the Netduino has a crystal.
_NUCLEO_HSE_HZ, _NETDUINO_HSE_HZ = 8_000_000, 25_000_000
_F405_LIMIT_HZ = 168_000_000


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip, and the USART of the profile."""
    if target.cpu.clock_hz > _F405_LIMIT_HZ:
        return fit_stm32(core, target, line, Stm32F446(_NUCLEO_HSE_HZ), Stm32UsartV1)
    return fit_stm32(core, target, line, Stm32F405(_NETDUINO_HSE_HZ), Stm32UsartV1)
